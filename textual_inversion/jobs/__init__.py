"""Jobs in threads, their turns on the device, and the queue of trainings."""
