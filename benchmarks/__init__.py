"""What the promises look like on this machine: each figure beside a limit or a peer measured in the same run."""
