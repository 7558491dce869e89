"""Where the runs of a sweep are trained: in this process, or on the nodes of a Ray cluster.

`choice.make_engine` gives the one that the settings name. `ray_cluster` is the side of the process
that was started, `on_node` that of the nodes; `files`, `messages` and `attachments` are what goes
to and fro, `returned` puts it into the folders here.
"""
