package cluster

import (
	"fmt"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A leavingError is an object that is there but is being deleted: what is applied to it now goes with it. It is applied
// once it is gone.
type leavingError struct{ live *manifest.Object }

// stays is a leavingError for an object that is being deleted. A dry run does not wait for that.
func (c *Client) stays(live *manifest.Object) error {
	if c.DryRun || live == nil || live.GetDeletionTimestamp() == nil {
		return nil
	}
	return &leavingError{live}
}

func (e *leavingError) Error() string {
	text := fmt.Sprintf("%s is being deleted", manifest.IDOf(e.live))
	if finalizers := e.live.GetFinalizers(); len(finalizers) > 0 {
		text += ", which its finalizers hold up: " + strings.Join(finalizers, ", ")
	}
	for _, message := range remaining(e.live) {
		text += "; " + message
	}
	return text
}

// remaining is what a namespace says of the contents that hold it (Kubernetes 1.16 and later).
func remaining(live *manifest.Object) []string {
	conditions, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
	var messages []string
	for _, c := range conditions {
		condition, _ := c.(map[string]any)
		kind, _ := condition["type"].(string)
		message, _ := condition["message"].(string)
		if strings.HasSuffix(kind, "Remaining") && condition["status"] == "True" {
			messages = append(messages, message)
		}
	}
	return messages
}

func (e *leavingError) trouble() trouble {
	return trouble{with: manifest.IDOf(e.live).String(), patience: endless, remedy: "; remove what holds it up, then run the same command again"}
}
