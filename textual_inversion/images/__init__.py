"""Pictures as arrays: found in a folder, decoded, brought to sRGB, resized."""
