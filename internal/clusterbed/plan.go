//go:build linux

package clusterbed

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Addresses of the bed. Nodes and fabric are in the range for benchmarks,
// 198.18.0.0/15, which no network routes; they exist in the bed's own network
// namespaces only.
const (
	fabricIP     = "198.18.0.1"
	nodePrefix   = "198.18.0."
	podCIDR      = "100.64.0.0/15"
	serviceCIDR  = "10.32.0.0/20"
	apiServiceIP = "10.32.0.1"
	dnsIP        = "10.32.0.10"
	apiPort      = 6443

	// metadataIP is where an instance asks the cloud about itself.
	metadataIP = "169.254.42.42"
)

// nodeNames are the nodes of a bed. The control plane runs on the first.
var nodeNames = []string{"node-1", "node-2"}

// planFile holds the plan; its presence tells the folder of a bed.
const planFile = "plan.json"

// A plan is what the bed's own process works from.
type plan struct {
	Dir     string     `json:"dir"`
	Version string     `json:"version"` // v1.36.4
	Path    string     `json:"path"`    // PATH of all programs of the bed
	Cache   string     `json:"cache"`   // folder that all programs and images are in
	Nodes   []nodePlan `json:"nodes"`
	Images  []archive  `json:"images"`
	Tied    bool       `json:"tied"` // to the end of the owner's standard input

	programs *Programs
}

// A nodePlan is what the first process of a node works from.
type nodePlan struct {
	Name     string    `json:"name"`
	IP       string    `json:"ip"`
	Services []service `json:"services"`
}

// A service is a program that a node runs and starts again when it ends.
type service struct {
	Name string   `json:"name"` // also argv[0]
	Path string   `json:"path"`
	Args []string `json:"args"`
	// After is a file that must be there before the start.
	After string `json:"after,omitempty"`
}

func newPlan(dir, cache string, programs *Programs, images []archive) *plan {
	p := &plan{Dir: dir, Cache: cache, Version: programs.Version, Images: images, programs: programs}
	p.Path = programs.Containerd + ":" + programs.Addons["standin"] + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	for i, name := range nodeNames {
		node := nodePlan{Name: name, IP: fmt.Sprintf("%s%d", nodePrefix, 11+i)}
		if i == 0 {
			node.Services = p.controlPlane()
		}
		node.Services = append(node.Services, p.workers(node)...)
		p.Nodes = append(p.Nodes, node)
	}
	return p
}

func (p *plan) file(elements ...string) string {
	return filepath.Join(append([]string{p.Dir}, elements...)...)
}

// state is a folder that a node finds at path in its own file system, and
// that outlives the node.
func (p *plan) state(node, path string) string { return p.file("nodes", node, "state", path) }

func (p *plan) pki(name string) string        { return p.file("pki", name) }
func (p *plan) kubeconfig(user string) string { return p.file("conf", user+".kubeconfig") }
func (p *plan) log(node, name string) string  { return p.file("logs", node, name+".log") }
func (p *plan) server() string                { return fmt.Sprintf("https://%s11:%d", nodePrefix, apiPort) }
func (p *plan) command() string               { return p.file("bin", "clusterbed") }
func (p *plan) apiIP() string                 { return nodePrefix + "11" }
func (p *plan) node(name string) (nodePlan, bool) {
	for _, n := range p.Nodes {
		if n.Name == name {
			return n, true
		}
	}
	return nodePlan{}, false
}

// write makes the folder of the bed with all files that it is started from.
func (p *plan) write(ctx context.Context) error {
	for _, node := range p.Nodes {
		if err := p.makeState(node.Name); err != nil {
			return err
		}
	}
	for _, dir := range []string{"pki", "conf", "bin", "logs/bed"} {
		if err := os.MkdirAll(p.file(dir), 0o700); err != nil {
			return err
		}
	}
	if err := p.writeCredentials(); err != nil {
		return err
	}
	if err := p.writeConfigs(); err != nil {
		return err
	}
	if err := buildCommand(ctx, p.command()); err != nil {
		return err
	}
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(p.file(planFile), append(text, '\n'), 0o600)
}

// makeState makes a node's folders and puts the CNI plugins into theirs.
func (p *plan) makeState(node string) error {
	for _, path := range statePaths {
		if err := os.MkdirAll(p.state(node, path), 0o755); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(p.file("logs", node), 0o755); err != nil {
		return err
	}
	plugins, err := os.ReadDir(p.programs.CNI)
	if err != nil {
		return err
	}
	for _, plugin := range plugins {
		from, to := filepath.Join(p.programs.CNI, plugin.Name()), filepath.Join(p.state(node, cniBin), plugin.Name())
		if err := copyFile(from, to, 0o755); err != nil {
			return err
		}
	}
	if !old(p.Version) {
		return nil
	}
	// flannel's own plugin came with the machine then; now its addon installs it.
	return copyFile(filepath.Join(p.programs.Addons["standin"], "flannel-cni"), filepath.Join(p.state(node, cniBin), "flannel"), 0o755)
}

func readPlan(dir string) (*plan, error) {
	text, err := os.ReadFile(filepath.Join(dir, planFile))
	if err != nil {
		return nil, fmt.Errorf("no bed was prepared in %s: %w: use start", dir, err)
	}
	p := &plan{}
	if err := json.Unmarshal(text, p); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, planFile), err)
	}
	return p, nil
}

func copyFile(from, to string, mode os.FileMode) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, mode)
}
