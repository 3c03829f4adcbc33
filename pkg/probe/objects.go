package probe

import (
	"bytes"
	_ "embed"
	"fmt"
	"text/template"
	"time"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

// Labels and annotations of what a run of probes brings into a cluster.
const (
	LabelRun          = "fitout.dev/probe"      // which run
	LabelRole         = "fitout.dev/probe-role" // Asker or Peer
	AnnotationExpires = "fitout.dev/expires"    // RFC 3339: when the pods stop answering, by the clock of who started them; for people

	labelManagedBy = "app.kubernetes.io/managed-by"
	managedBy      = "fitout"
)

// Roles of probe pods, which are the names of their DaemonSets.
const (
	Asker = "asker"
	Peer  = "peer"
)

// Container is the container of a probe pod. What is run in it reads JSON from standard input and writes JSON to standard
// output.
const Container = "probe"

// What is run in the container.
var (
	Command      = []string{"/fitout", "probe", "run"}
	WatchCommand = []string{"/fitout", "probe", "watch"} // a Watching on standard input, until that ends; a line of losses every second
)

// PeerService is the Service of the peers. Its port is HTTPPort.
const PeerService = "peer"

// Names of the NetworkPolicies.
const (
	policyClosed = "closed"
	policyOpen   = "open"
)

// Ports of probe pods.
const (
	HTTPPort    = 8080
	EchoPort    = 8081
	GuardedPort = 8082 // as HTTPPort, but closed by a NetworkPolicy where Options.Policies is set
)

// Options say what a run of probes brings into a cluster.
type Options struct {
	Run          string // a name of the run, a DNS label
	Word         string // random, of this run alone: what its peers answer to
	Minor        string // of the cluster: 1.36
	Image        string
	Start        time.Time
	For          time.Duration // how long the pods answer, up to MaxTime
	IngressClass string        // of an Ingress to the peers; without it there is none
	Policies     bool          // NetworkPolicies close GuardedPort, and EchoPort to all but askers
}

// Namespace is where the objects of the run are.
func (o Options) Namespace() string { return "fitout-probe-" + o.Run }

// Host is the name under which the Ingress serves the peers.
func (o Options) Host() string { return o.Namespace() + ".invalid" }

//go:embed objects.yaml
var objectsYAML string

var objectsTemplate = template.Must(template.New("objects.yaml").Parse(objectsYAML))

// Objects returns what a run brings into a cluster, the namespace first.
func Objects(o Options) ([]*manifest.Object, error) {
	var text bytes.Buffer
	err := objectsTemplate.Execute(&text, map[string]any{
		"Namespace": o.Namespace(), "Host": o.Host(), "Run": o.Run, "Word": o.Word, "WordVariable": WordVariable, "Image": o.Image, "For": o.For.String(),
		"Expires": fmt.Sprintf("%q", o.Start.Add(o.For).UTC().Format(time.RFC3339)), "Roles": []string{Asker, Peer},
		// Ingresses of v1 and the field for seccomp are both of 1.19.
		"Modern": clusterfile.CompareMinors(o.Minor, "1.19") >= 0, "IngressClass": o.IngressClass, "Policies": o.Policies,
		"HTTPPort": HTTPPort, "EchoPort": EchoPort, "GuardedPort": GuardedPort,
	})
	if err != nil {
		return nil, fmt.Errorf("objects of the probes: %w", err)
	}
	return manifest.Parse("objects of the probes", text.Bytes())
}
