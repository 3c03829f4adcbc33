//go:build linux

package clusterbed_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// timeline prints when the pods of the addons came how far, in seconds after
// the API server was ready. The API tells whole seconds.
func (f *fixture) timeline(t *testing.T) {
	var list struct{ Items []timedPod }
	if err := f.bed.Get(t.Context(), "/api/v1/pods", &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Items) == 0 {
		t.Fatal("there are no pods of addons")
	}
	for _, pod := range list.Items {
		t.Log("  " + pod.describe(f.bed.APIReady))
	}
}

// A timedPod is the part of a pod that holds times.
type timedPod struct {
	Metadata struct {
		Name              string
		CreationTimestamp time.Time
	}
	Status struct {
		Conditions []struct {
			Type               string
			LastTransitionTime time.Time
		}
		ContainerStatuses []struct {
			Name  string
			State struct{ Running struct{ StartedAt time.Time } }
		}
	}
}

func (p timedPod) describe(zero time.Time) string {
	after := func(moment time.Time) string { return fmt.Sprintf("%.0f s", moment.Sub(zero).Seconds()) }
	var text strings.Builder
	fmt.Fprintf(&text, "%s: created %s", p.Metadata.Name, after(p.Metadata.CreationTimestamp))
	for _, container := range p.Status.ContainerStatuses {
		fmt.Fprintf(&text, ", %s started %s", container.Name, after(container.State.Running.StartedAt))
	}
	for _, condition := range p.Status.Conditions {
		if condition.Type == "Ready" {
			fmt.Fprintf(&text, ", ready %s", after(condition.LastTransitionTime))
		}
	}
	return text.String()
}
