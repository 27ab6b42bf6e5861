"""A Ray cluster of several nodes on this machine, in a process of its own that reads commands from standard input.

`add` starts a node with one core, `kill N` kills the Nth of the added nodes, and `kill-head` kills the cluster's
control server (GCS). Any other line ends the process. Each command is answered with one line.
"""

import sys

from ray.cluster_utils import Cluster

NODE = {"num_cpus": 1, "node_ip_address": "127.0.0.1", "object_store_memory": 80 << 20}


def main():
    cluster = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
    nodes = []
    print(f"answer {cluster.address}", flush=True)
    for line in sys.stdin:
        verb, *arguments = line.split()
        if verb == "add":
            nodes.append(cluster.add_node(**NODE))
        elif verb == "kill":
            cluster.remove_node(nodes.pop(int(arguments[0])), allow_graceful=False)
        elif verb == "kill-head":
            cluster.head_node.kill_gcs_server()
        else:
            break
        print(f"answer {verb}", flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main()
