"""What a device can do: precision, memory, determinism, and how many processes share the work."""
