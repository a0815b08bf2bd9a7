"""What guards and integrators talk to."""
