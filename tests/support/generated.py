"""Settings of Hypothesis for every test: how long an example takes is the machine's affair, not a failure."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "academy", parent=settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("academy")
