"""Forms that become the settings of other jobs: of another program, of the Start and Sweep tabs."""
