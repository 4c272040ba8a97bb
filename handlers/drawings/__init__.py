"""What is drawn: pictures of lessons, codes, certificates and plots.

Everything here is a pure function from figures to bytes: no database, no Telegram, no clock. Drawing takes tenths of a
second and a good deal of memory, so it's called in a thread, and the libraries are imported when something is drawn.
"""
