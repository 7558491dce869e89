"""Commands that take other trainers' flags: `ti diffusers`, `ti diffusers-sdxl`."""
