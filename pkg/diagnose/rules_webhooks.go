package diagnose

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What the API server says of an admission webhook that keeps pods from being created (k8s.io/apiserver,
// pkg/admission/plugin/webhook).
var (
	webhookSilent  = regexp.MustCompile(`failed calling webhook "([^"]+)": (.+)`)
	webhookRefuses = regexp.MustCompile(`admission webhook "([^"]+)" denied the request:? ?(.*)`)
	// The URL at which the API server asks a Service, Service and namespace first.
	webhookURL = regexp.MustCompile(`https://([^./"]+)\.([^./"]+)\.svc[:/]`)
)

// A webhook is an admission webhook as far as it is known.
type webhook struct {
	configuration string // kubectl's words for it: validatingwebhookconfiguration gate
	asks          string // Service kube-system/gate, or a URL
}

// findWebhook finds the configuration of a webhook, and what it asks: by what was listed, else by the message.
func findWebhook(s observed.Snapshot, name, message string) webhook {
	for _, o := range s.Evidence.Webhooks {
		list, _, _ := unstructured.NestedSlice(o.Object, "webhooks")
		for _, entry := range list {
			if observed.NameOf(entry) == name {
				return webhook{strings.ToLower(o.GetKind()) + " " + o.GetName(), askedBy(entry.(map[string]any))}
			}
		}
	}
	if m := webhookURL.FindStringSubmatch(message); m != nil {
		return webhook{asks: manifest.ID{Kind: "Service", Namespace: m[2], Name: m[1]}.String()}
	}
	return webhook{}
}

// askedBy is the Service or the URL that a webhook asks.
func askedBy(entry map[string]any) string {
	if url, ok, _ := unstructured.NestedString(entry, "clientConfig", "url"); ok {
		return url
	}
	namespace, _, _ := unstructured.NestedString(entry, "clientConfig", "service", "namespace")
	name, _, _ := unstructured.NestedString(entry, "clientConfig", "service", "name")
	return manifest.ID{Kind: "Service", Namespace: namespace, Name: name}.String()
}

func (w webhook) String() string {
	var parts []string
	if w.configuration != "" {
		parts = append(parts, "of "+w.configuration)
	}
	if w.asks != "" {
		parts = append(parts, "which asks "+w.asks)
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// away is how to do without the webhook.
func (w webhook) away() string {
	if w.configuration == "" {
		return "remove its configuration"
	}
	return "kubectl delete " + w.configuration
}

// webhookSilentMatch matches webhooks that are asked about pods and do not answer.
func webhookSilentMatch(p subject) (match, bool) {
	m := webhookSilent.FindStringSubmatch(createError(p))
	if m == nil {
		return match{}, false
	}
	w := findWebhook(p.s, m[1], m[2])
	behind := "what it asks"
	if w.asks != "" {
		behind = w.asks
	}
	return match{
		explanation: fmt.Sprintf("the admission webhook %s%s is asked and does not answer: %s", m[1], w, m[2]),
		remedy:      fmt.Sprintf("make %s answer, or do without: %s", behind, w.away()),
	}, true
}

// webhookDenyMatch matches webhooks that refuse pods.
func webhookDenyMatch(p subject) (match, bool) {
	m := webhookRefuses.FindStringSubmatch(createError(p))
	if m == nil {
		return match{}, false
	}
	return match{
		explanation: fmt.Sprintf("the admission webhook %s%s denies the pods: %s", m[1], findWebhook(p.s, m[1], ""), m[2]),
		remedy:      p.fill("change the policy behind it, or except namespace {namespace} from it"),
		after:       terminalAfter10s,
	}, true
}
