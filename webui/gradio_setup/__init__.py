"""What of Gradio is set up otherwise than it comes, and why."""
