"""The tabs, one file each; what two of them share is in parts.py."""
