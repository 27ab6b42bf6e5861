"""A Ray cluster of several nodes on this machine, in a process of its own: does what it reads, a line for each thing.

`add` starts a node of one core, `kill N` kills the Nth of those that were added, `kill-head` what all nodes ask about
each other; everything else ends it. Each is answered by a line.
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
