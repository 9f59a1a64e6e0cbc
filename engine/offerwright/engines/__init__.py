"""Where offers are computed: in this process, in a pool of processes, on a cluster."""
