package bundle

import (
	"errors"
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/util/version"
)

// An Upgrade says what an upgrade of an addon must heed.
type Upgrade struct {
	Minors    int               `json:"minors" doc:"how many minors of its own version upstream supports in one step; absent: any number. Another major version is always a decision"`
	Reason    string            `json:"reason" doc:"where upstream says so"`
	Early     bool              `json:"early" doc:"its versions also run on the Kubernetes minor before theirs, so that it is upgraded before the control plane is"`
	Decisions []UpgradeDecision `json:"decisions" doc:"settings whose change a person must decide on: what pods rely on changes under them"`
}

// An UpgradeDecision is a setting in a rendered object. Its value is that of a field, of an environment variable, or of parts of
// a text.
type UpgradeDecision struct {
	Name   string   `json:"name" required:"true" doc:"by which --accept names it (data-path)"`
	Kind   string   `json:"kind" required:"true" doc:"kind of the object"`
	Object string   `json:"object" required:"true" doc:"its name"`
	Field  string   `json:"field" doc:"the field (data.tunnel: the key of a ConfigMap may hold dots)"`
	Paths  []string `json:"paths" doc:"of a field that is a text in YAML or JSON, the parts of it (Backend.Type)"`
	Env    string   `json:"env" doc:"instead of a field: the environment variable of its containers"`
	Means  string   `json:"means" required:"true" doc:"what the change does, a clause (pods of replaced and of other nodes do not reach each other meanwhile)"`
}

// Keys is the way to the field.
func (d UpgradeDecision) Keys() []string { return Carry{Field: d.Field}.Keys() }

var decisionPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?$`)

// verify checks what the format of the file cannot tell.
func (u Upgrade) verify() []place {
	var wrong []place
	if u.Minors < 0 {
		wrong = append(wrong, place{"minors", fmt.Errorf("is %d; give 1 or more, or remove it", u.Minors)})
	}
	for i, d := range u.Decisions {
		at := fmt.Sprintf("decisions[%d].", i)
		if !decisionPattern.MatchString(d.Name) {
			wrong = append(wrong, place{at + "name", fmt.Errorf("is %q; give lower-case words joined by hyphens, such as data-path", d.Name)})
		}
		if (d.Field == "") == (d.Env == "") {
			wrong = append(wrong, place{at + "field", errors.New("or env, one of the two, says where the setting stands")})
		}
		if len(d.Paths) > 0 && d.Field == "" {
			wrong = append(wrong, place{at + "paths", errors.New("are parts of a field; add field")})
		}
	}
	return wrong
}

// A NodeNeed is what the kubelets of a minor need of their nodes.
type NodeNeed struct {
	Runtime   string `json:"runtime" doc:"name of a container runtime (containerd); absent: nodes do not tell whether they have what is needed, and it is only said"`
	From      string `json:"from" doc:"the oldest version of the runtime that the kubelets take"`
	Kernel    string `json:"kernel" doc:"the oldest Linux kernel (5.13)"`
	ProxyMode string `json:"proxyMode" doc:"needed only where kube-proxy runs in this mode (nftables)"`
	Means     string `json:"means" required:"true" doc:"what is needed, with where Kubernetes says so"`
}

// verify checks what the format of the file cannot tell.
func (n NodeNeed) verify() *place {
	if _, err := version.ParseGeneric(n.From); (n.Runtime != "" || n.From != "") && err != nil {
		return &place{"from", fmt.Errorf("is %q; give a version of the runtime such as 2.0.0", n.From)}
	}
	if _, err := version.ParseGeneric(n.Kernel); n.Kernel != "" && err != nil {
		return &place{"kernel", fmt.Errorf("is %q; give a version of Linux such as 5.13", n.Kernel)}
	}
	return nil
}
