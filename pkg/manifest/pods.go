package manifest

// PodSpecPath returns where in an object of a kind the spec of its pods stands; nil for a kind that neither is nor makes pods.
func PodSpecPath(kind string) []string {
	switch kind {
	case "DaemonSet", "Deployment", "StatefulSet", "ReplicaSet", "Job":
		return []string{"spec", "template", "spec"}
	case "CronJob":
		return []string{"spec", "jobTemplate", "spec", "template", "spec"}
	case "Pod":
		return []string{"spec"}
	}
	return nil
}
