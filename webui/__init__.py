"""The page. It holds no rule about training: it reads a form, starts a job, draws a run."""

import os

# Read by Gradio when it is imported: nothing is reported to anybody.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

from webui.gradio_setup.stub_files import leave_out_stubs

leave_out_stubs()
