"""Models that write captions, behind one small interface (`base`).

A captioner is a module of its own, imported when it is chosen; its model is loaded when a picture
needs it and unloaded when the job ends. `blip` and `lavis` write sentences, `deepdanbooru` and
`wd14` tags (`tagging`). `weights` finds a model's files here or on the Hugging Face Hub;
`lavis` talks to a process in an environment of its own, which `lavis_environment` makes.
"""
