"""Values of `ti train`'s settings that belong together, under a name: built in, or one's own."""
