"""How vectors move: optimizers, averages, learning rates, losses, convergence."""
