"""An embedding and its run's snapshots, measured by pictures: likeness, obedience, diversity."""
