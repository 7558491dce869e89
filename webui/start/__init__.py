"""The Start tab: pictures, a name, and a training, in three steps."""
