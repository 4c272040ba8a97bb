"""What the bot counts about itself, for Prometheus: all metrics in one place, none about a person."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
UPDATES_IN_A_BATCH = (1, 2, 5, 10, 20, 35, 50, 75, 100)


class Metrics:
    """One fresh set of metrics with a registry of its own.

    Gauges are set directly (`metrics.outbox_depth.set(3)`); what happens for every update or message has a
    method that keeps the labelled children at hand, as finding one in the library costs more than counting.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.outbox_depth = Gauge("bot_outbox_depth", "Messages waiting in the outbox", registry=self.registry)
        self.outbox_age = Gauge(
            "bot_outbox_age_seconds",
            "Age of the oldest message that is due in the outbox",
            registry=self.registry,
        )
        self.dead_letters = Gauge(
            "bot_dead_letters",
            "Updates that could not be handled and wait for a look",
            registry=self.registry,
        )
        self._updates = Counter(
            "bot_updates_total",
            "Updates handled, by kind and result",
            ("kind", "result"),
            registry=self.registry,
        )
        self._duration = Histogram(
            "bot_update_duration_seconds",
            "From the receipt of an update to its commit",
            buckets=SECONDS,
            registry=self.registry,
        )
        self._batch_size = Histogram(
            "bot_batch_size", "Updates in one transaction", buckets=UPDATES_IN_A_BATCH, registry=self.registry
        )
        self._sends = Counter(
            "bot_sends_total",
            "Calls to Telegram, by method and result",
            ("method", "result"),
            registry=self.registry,
        )
        self._updates_by_label: dict[tuple[str, str], Counter] = {}
        self._sends_by_label: dict[tuple[str, str], Counter] = {}

    def update_done(self, kind: str, result: str, seconds: float) -> None:
        """Count one update: its kind (`message`...), what became of it, seconds from receipt to commit."""
        _child(self._updates, self._updates_by_label, kind, result).inc()
        self._duration.observe(seconds)

    def batch_done(self, size: int) -> None:
        """Count one committed transaction of `size` updates."""
        self._batch_size.observe(size)

    def send_done(self, method: str, result: str) -> None:
        """Count one call to Telegram: its method (`sendMessage`...) and what came of it."""
        _child(self._sends, self._sends_by_label, method, result).inc()

    def render(self) -> bytes:
        """All metrics in the text format of Prometheus."""
        return generate_latest(self.registry)


def _child(metric: Counter, known: dict[tuple[str, str], Counter], *labels: str) -> Counter:
    pair = (labels[0], labels[1])
    child = known.get(pair)
    if child is None:
        child = known[pair] = metric.labels(*pair)
    return child
