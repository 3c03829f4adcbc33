package bigcluster

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// images is how many images a kubelet tells of (nodeStatusMaxImages).
const images = 50

// node is a ready node of Scaleway's with the conditions of its kubelet and of node-problem-detector.
func node() *manifest.Object {
	name := "node-" + mark
	o := object(fields{
		"apiVersion": "v1", "kind": "Node",
		"metadata": fields{
			"name": name, "uid": "0c1f9d3e-8f3b-4b6a-9e57-0000000" + mark, "resourceVersion": "8250" + mark, "creationTimestamp": began,
			"labels": fields{
				"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name, "node.kubernetes.io/instance-type": "GP1-S",
				"topology.kubernetes.io/region": "fr-par", "topology.kubernetes.io/zone": "fr-par-1", "k8s.scaleway.com/pool-name": "default",
			},
			"annotations": fields{"volumes.kubernetes.io/controller-managed-attach-detach": "true", "node.alpha.kubernetes.io/ttl": "15",
				"csi.volume.kubernetes.io/nodeid": `{"csi.scaleway.com":"fr-par-1/` + name + `"}`},
		},
		"spec": fields{"podCIDR": "100.64.1.0/24", "podCIDRs": []any{"100.64.1.0/24"}, "providerID": "scaleway://instance/fr-par-1/" + name},
	})
	resources := fields{"cpu": "4", "memory": "8148228Ki", "pods": "110", "ephemeral-storage": "18957484Ki", "hugepages-1Gi": "0", "hugepages-2Mi": "0"}
	status := fields{
		"capacity": resources, "allocatable": resources,
		"addresses":       []any{fields{"type": "InternalIP", "address": "10.0." + mark}, fields{"type": "Hostname", "address": name}},
		"daemonEndpoints": fields{"kubeletEndpoint": fields{"Port": int64(10250)}},
		"nodeInfo": fields{"machineID": "7d8a1c0f00004000800000000000" + mark, "bootID": "d0f7b9f4-0000-4000-8000-0000000" + mark, "kernelVersion": "6.8.0-48-generic",
			"osImage": "Ubuntu 24.04.1 LTS", "containerRuntimeVersion": "containerd://2.1.4", "kubeletVersion": Version, "operatingSystem": "linux", "architecture": "amd64"},
	}
	var conditions, list []any
	for _, kind := range []string{"Ready", "MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable", "KernelDeadlock", "ReadonlyFilesystem", "FrequentKubeletRestart"} {
		c := condition(kind)
		if c["lastHeartbeatTime"] = began; kind != "Ready" {
			c["status"] = "False"
		}
		conditions = append(conditions, c)
	}
	for i := range images {
		image := fmt.Sprintf("registry.example.org/library/image-%02d", i)
		list = append(list, fields{"names": []any{image + "@sha256:0f8a1c6b7d2e4f5a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f6a", image + ":v1.0.0"}, "sizeBytes": int64(31415926 + i)})
	}
	status["conditions"], status["images"] = conditions, list
	o.Object["status"] = object(status).Object
	o = managed(o, "cloud-controller-manager", "kubelet")
	return o
}

// pod is a ready pod of a workload, on a node.
func pod(workload *manifest.Object) *manifest.Object {
	template, _, _ := unstructured.NestedMap(workload.Object, "spec", "template")
	metadata, _ := template["metadata"].(fields)
	if metadata == nil {
		metadata = fields{}
	}
	spec := template["spec"].(fields)
	metadata["name"], metadata["namespace"] = workload.GetName()+"-"+mark, workload.GetNamespace()
	metadata["uid"], metadata["resourceVersion"], metadata["creationTimestamp"] = "3b9e7a52-1c44-4d0e-8a6f-0000000"+mark, "9917"+mark, began
	metadata["ownerReferences"] = []any{fields{"apiVersion": "apps/v1", "kind": workload.GetKind(), "name": workload.GetName(), "uid": string(workload.GetUID()), "controller": true, "blockOwnerDeletion": true}}
	spec["nodeName"], spec["schedulerName"], spec["enableServiceLinks"] = "node-"+mark, "default-scheduler", true
	tolerations, _ := spec["tolerations"].([]any)
	for _, key := range []string{"not-ready", "unreachable", "disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"} {
		tolerations = append(tolerations, fields{"key": "node.kubernetes.io/" + key, "operator": "Exists", "effect": "NoExecute"})
	}
	spec["tolerations"] = tolerations
	mountToken(spec)
	spec["affinity"] = fields{"nodeAffinity": fields{"requiredDuringSchedulingIgnoredDuringExecution": fields{"nodeSelectorTerms": []any{
		fields{"matchFields": []any{fields{"key": "metadata.name", "operator": "In", "values": []any{"node-" + mark}}}}}}}}
	status := fields{"phase": "Running", "qosClass": "Burstable", "startTime": began, "hostIP": "10.0." + mark, "podIP": "100.64." + mark,
		"podIPs": []any{fields{"ip": "100.64." + mark}}}
	var conditions []any
	for _, kind := range []string{"PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"} {
		conditions = append(conditions, condition(kind))
	}
	status["conditions"] = conditions
	status["containerStatuses"] = states(spec["containers"], fields{"running": fields{"startedAt": began}})
	if inits := states(spec["initContainers"], fields{"terminated": fields{"exitCode": int64(0), "reason": "Completed", "startedAt": began, "finishedAt": began}}); len(inits) > 0 {
		status["initContainerStatuses"] = inits
	}
	return managed(object(fields{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}), "kube-controller-manager", "kubelet")
}

// mountToken adds the token of the ServiceAccount, as admission does: a volume with another name in each pod.
func mountToken(spec fields) {
	name := "kube-api-access-" + mark
	volumes, _ := spec["volumes"].([]any)
	spec["volumes"] = append(volumes, fields{"name": name, "projected": fields{"defaultMode": int64(420), "sources": []any{
		fields{"serviceAccountToken": fields{"expirationSeconds": int64(3607), "path": "token"}},
		fields{"configMap": fields{"name": "kube-root-ca.crt", "items": []any{fields{"key": "ca.crt", "path": "ca.crt"}}}},
	}}})
	for _, list := range []string{"initContainers", "containers"} {
		containers, _ := spec[list].([]any)
		for _, c := range containers {
			container := c.(fields)
			mounts, _ := container["volumeMounts"].([]any)
			container["volumeMounts"] = append(mounts, fields{"name": name, "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"})
		}
	}
}

// states are the states of containers.
func states(containers any, state fields) []any {
	list, _ := containers.([]any)
	var all []any
	for _, c := range slices.Clone(list) {
		container := c.(fields)
		all = append(all, fields{"name": container["name"], "image": container["image"], "ready": true, "started": true, "restartCount": int64(0),
			"imageID":     fmt.Sprintf("%v@sha256:0f8a1c6b7d2e4f5a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f6a", container["image"]),
			"containerID": "containerd://9f8a7b6c5d4e3f2a1b0c9d8e7f6a0f8a1c6b7d2e4f5a9b8c7d6e5f4a3b" + mark, "state": state, "lastState": fields{}})
	}
	return all
}
