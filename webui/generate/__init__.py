"""The panels of the Generate tab; `webui/tabs/generate.py` puts them together."""
