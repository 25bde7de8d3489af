"""The Smart Charging profile of the embedded charge point (1.6 §3.13, §5.5, §5.7, §5.16, §9.4)."""
