package cluster

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A leavingError is an object that is there but is being deleted: what is applied to it now goes with it. It is applied
// once it is gone.
type leavingError struct{ live *manifest.Object }

// stays is a leavingError for an object that is being deleted. A dry run does not wait for that.
func stays(live *manifest.Object, dryRun bool) error {
	if dryRun || live == nil || live.GetDeletionTimestamp() == nil {
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

// remaining are the reasons that the status of a namespace gives for its not being gone: contents that remain, and groups of
// the API that cannot be listed (Kubernetes 1.16 and later: NamespaceDeletionDiscoveryFailure, -GroupVersionParsingFailure,
// -ContentFailure, NamespaceContentRemaining, NamespaceFinalizersRemaining; pkg/controller/namespace/deletion).
func remaining(live *manifest.Object) []string {
	conditions, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
	var messages []string
	for _, c := range conditions {
		condition, _ := c.(map[string]any)
		kind, _ := condition["type"].(string)
		message, _ := condition["message"].(string)
		if condition["status"] != "True" {
			continue
		}
		switch {
		case strings.HasSuffix(kind, "Remaining"):
			messages = append(messages, message)
		case strings.HasPrefix(kind, "NamespaceDeletion"):
			messages = append(messages, kind+": "+message)
		}
	}
	return messages
}

// undiscovered is a version of an API in a NamespaceDeletionDiscoveryFailure, followed by why it cannot be listed (client-go,
// discovery.ErrGroupDiscoveryFailed).
var undiscovered = regexp.MustCompile(`([a-z0-9]+(?:[.-][a-z0-9]+)*)/(v[0-9][a-z0-9]*): `)

// release is what to do about a reason for which a namespace is not gone.
func release(message string) string {
	const mostAPIs = 3
	var apis []string
	for _, found := range undiscovered.FindAllStringSubmatch(message, mostAPIs) {
		apis = append(apis, found[2]+"."+found[1])
	}
	if len(apis) == 0 {
		return "remove that, or repair what serves it"
	}
	return "repair what serves the API, or remove it (kubectl delete apiservice " + strings.Join(apis, " ") + ")"
}

func (e *leavingError) trouble() trouble {
	return trouble{with: manifest.IDOf(e.live).String(), patience: endless, remedy: "; remove what holds it up, then run the same command again"}
}
