package wave

import (
	"fmt"

	"github.com/fitout-dev/fitout/pkg/manifest"
)

// awaited says what the gate of a wave waits for, by the kind of the object. What is not in it is ready as soon as it
// exists. Package check judges these kinds; a test holds the two together.
var awaited = map[string]string{
	"Namespace":                "is active",
	"CustomResourceDefinition": "is established",
	"DaemonSet":                "has a ready pod on every node that it belongs on",
	"Deployment":               "has all its pods ready",
	"StatefulSet":              "has all its pods ready",
	"ReplicaSet":               "has all its pods ready",
	"Job":                      "is complete",
	"Pod":                      "is ready",
	"APIService":               "is available",
}

// An Awaited is one thing that a gate waits for.
type Awaited struct {
	ID    manifest.ID `json:"object"`
	State string      `json:"state"` // is established
}

func (a Awaited) String() string { return fmt.Sprintf("%s %s", a.ID, a.State) }

// Gate says what must be true of the objects of a wave before the next one is applied; nothing where all of them are
// ready as soon as they exist.
func (w Wave) Gate() []Awaited {
	var all []Awaited
	for _, o := range w.Objects {
		if state, ok := awaited[o.GetKind()]; ok {
			all = append(all, Awaited{ID: manifest.IDOf(o), State: state})
		}
	}
	for _, o := range w.Backs {
		all = append(all, Awaited{ID: manifest.IDOf(o), State: "has a ready pod behind it"})
	}
	for _, o := range w.Creates {
		all = append(all, Awaited{ID: manifest.IDOf(o), State: fmt.Sprintf("is created by %s and established", addonOf(o))})
	}
	return all
}
