"""What the cameras saw, kept: ring, clips, stills and live fragments, sealed before they touch a disk."""
