"""What is said to cameras by ONVIF while the box runs: their heads are turned, and they tell of motion."""
