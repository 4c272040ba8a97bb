"""The regions of Kazakhstan: three cities and seventeen oblasts (ISO 3166-2:KZ, as of 2022)."""

from models.words import N_

REGIONS = {
    "KZ-71": N_("Astana"),
    "KZ-75": N_("Almaty"),
    "KZ-79": N_("Shymkent"),
    "KZ-10": N_("Abai"),
    "KZ-11": N_("Akmola"),
    "KZ-15": N_("Aktobe"),
    "KZ-19": N_("Almaty Region"),
    "KZ-23": N_("Atyrau"),
    "KZ-27": N_("West Kazakhstan"),
    "KZ-31": N_("Zhambyl"),
    "KZ-33": N_("Zhetisu"),
    "KZ-35": N_("Karaganda"),
    "KZ-39": N_("Kostanay"),
    "KZ-43": N_("Kyzylorda"),
    "KZ-47": N_("Mangystau"),
    "KZ-55": N_("Pavlodar"),
    "KZ-59": N_("North Kazakhstan"),
    "KZ-61": N_("Turkistan"),
    "KZ-62": N_("Ulytau"),
    "KZ-63": N_("East Kazakhstan"),
}
"""Names by ISO code, the cities first."""
