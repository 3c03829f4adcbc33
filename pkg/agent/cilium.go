package agent

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/cilium/cilium/api/v1/models"
	"github.com/cilium/cilium/pkg/client"
)

// cilium reads `cilium status -o json`, or cilium-dbg status. The command ends with exit code 0 whatever the agent says of
// itself, and with another one where the agent does not answer (cilium 1.7 to 1.20, cmd/status.go).
func cilium(_ Subject, outputs []Output) Status {
	o := at(outputs, 0)
	if o.Exit != 0 {
		s := Status{Text: all(outputs)}
		s.fault(true, "the agent does not answer: %s", o.ended())
		return s
	}
	status, unread, err := decodeCilium([]byte(o.Text))
	if err != nil {
		return Status{Unread: []string{err.Error()}, Text: all(outputs)}
	}
	return readCilium(status, unread)
}

// judged are the parts of a status by which Cilium is judged: what is not understood of others takes nothing from it.
var judged = []string{"cilium", "kubernetes", "kvstore", "cluster", "cluster-mesh", "controllers", "ipam", "stale", "cni-file", "container-runtime"}

// readCilium judges a status as Cilium's own summary does (pkg/client, FormatStatusResponseBrief), and by what makes an
// agent useless although it is well: no address left for pods, work that fails again and again.
func readCilium(m *models.StatusResponse, unread []string) Status {
	s := Status{Text: formatCilium(m), Summary: summary(m)}
	for _, path := range unread {
		if field, _, _ := strings.Cut(path, "."); slices.Contains(judged, field) {
			s.Unread = append(s.Unread, path)
		}
	}
	if m.Cilium == nil || m.Cilium.State == "" {
		s.Unread = append(s.Unread, "cilium.state, which is missing")
	}
	s.states(m)
	s.controllers(m.Controllers)
	if m.Ipam != nil {
		s.addresses(m.Ipam.Status)
	}
	for _, probe := range slices.Sorted(maps.Keys(m.Stale)) {
		s.fault(false, "its status of %s is stale since %s", probe, m.Stale[probe])
	}
	return s
}

// states judges the parts of an agent that have a state. Hubble watches the network, and does not make it.
func (s *Status) states(m *models.StatusResponse) {
	s.state("Cilium", m.Cilium, models.StatusStateFailure)
	if k := m.Kubernetes; k != nil {
		s.state("Kubernetes", &models.Status{State: k.State, Msg: k.Msg}, models.StatusStateFailure)
	}
	s.state("KVStore", m.Kvstore, models.StatusStateFailure)
	if m.Cluster != nil {
		s.state("Cilium health daemon", m.Cluster.CiliumHealth, models.StatusStateFailure)
	}
	s.state("CNI Config file", m.CniFile, models.StatusStateFailure)
	s.state("Authentication certificate provider", m.AuthCertificateProvider, models.StatusStateFailure)
	if h := m.Hubble; h != nil {
		s.state("Hubble", &models.Status{State: h.State, Msg: h.Msg}, "")
	}
	if m.ClusterMesh != nil {
		if ready, of := client.NumReadyClusters(m.ClusterMesh.Clusters), len(m.ClusterMesh.Clusters); ready < of {
			s.fault(false, "ClusterMesh: %d of %d remote clusters are ready", ready, of)
		}
	}
}

// state judges one part; severe is the state in which it is useless.
func (s *Status) state(name string, part *models.Status, severe string) {
	if part == nil {
		return
	}
	switch part.State {
	case models.StatusStateOk, models.StatusStateDisabled, "":
	default:
		s.fault(part.State == severe, "%s: %s %s", name, part.State, part.Msg)
	}
}

// again is how often a controller fails in a row before that is a fault: it is tried again within seconds, and one failure
// is a passing one.
const again = 2

func (s *Status) controllers(list models.ControllerStatuses) {
	for _, c := range list {
		if c.Status != nil && c.Status.ConsecutiveFailureCount >= again {
			s.fault(false, "controller %s has failed %d times in a row: %s", c.Name, c.Status.ConsecutiveFailureCount, c.Status.LastFailureMsg)
		}
	}
}

// allocated is the use of a range of pod addresses in ipam.status: IPv4: 5/254 allocated from 10.244.1.0/24.
var allocated = regexp.MustCompile(`(IPv[46]): (\d+)/(\d+) allocated`)

// addresses finds ranges of pod addresses that are used up.
func (s *Status) addresses(ipam string) {
	for _, m := range allocated.FindAllStringSubmatch(ipam, -1) {
		if m[2] == m[3] {
			s.fault(false, "all %s %s addresses for pods of the node are in use", m[3], m[1])
		}
	}
}

// summary is the gist of a status: Cilium 1.20.2, 3/254 IPv4 addresses in use, 42 controllers.
func summary(m *models.StatusResponse) string {
	var parts []string
	if m.Cilium != nil {
		if version := strings.Fields(m.Cilium.Msg); len(version) > 0 && version[0][0] >= '0' && version[0][0] <= '9' {
			parts = append(parts, "Cilium "+version[0])
		}
	}
	if m.Ipam != nil {
		for _, u := range allocated.FindAllStringSubmatch(m.Ipam.Status, -1) {
			parts = append(parts, fmt.Sprintf("%s/%s %s addresses in use", u[2], u[3], u[1]))
		}
	}
	if len(m.Controllers) > 0 {
		parts = append(parts, fmt.Sprintf("%d controllers", len(m.Controllers)))
	}
	return strings.Join(parts, ", ")
}

// formatCilium is a status as `cilium status` prints it.
func formatCilium(m *models.StatusResponse) string {
	var out strings.Builder
	tab := tabwriter.NewWriter(&out, 2, 0, 3, ' ', 0) // as in cilium-dbg/cmd/status.go
	client.FormatStatusResponse(tab, m, client.StatusNoDetails)
	tab.Flush() //nolint:errcheck // a builder takes everything
	return out.String()
}
