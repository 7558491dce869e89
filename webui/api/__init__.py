"""The page's HTTP API: endpoints with names, for `gradio_client` and anything that speaks HTTP."""
