package bundle

import (
	"errors"
	"fmt"
	"regexp"
)

// Providers are the rules by which others' providers of a role are recognized.
type Providers struct {
	APIVersion string     `json:"apiVersion" required:"true" enum:"fitout.dev/v1alpha1" doc:"version of this format"`
	Kind       string     `json:"kind" required:"true" enum:"Providers" doc:"kind of this file"`
	Providers  []Provider `json:"providers" required:"true" doc:"the rules"`
}

// A Provider recognizes one provider of a role, by exactly one of workload, node, service and apiService. Texts are regular
// expressions over a whole value.
type Provider struct {
	Name       string       `json:"name" required:"true" doc:"the provider, as a person calls it"`
	Role       string       `json:"role" required:"true" doc:"the role of the addons that it takes the place of"`
	Addon      string       `json:"addon" doc:"an addon that installs the same: it may, where nothing but a node tells of the provider"`
	Workload   WorkloadRule `json:"workload" doc:"a workload of the cluster"`
	Node       NodeRule     `json:"node" doc:"a node"`
	Service    ServiceRule  `json:"service" doc:"a Service"`
	APIService string       `json:"apiService" doc:"name of an APIService"`
}

// A WorkloadRule recognizes a workload; the fields that are set must all match.
type WorkloadRule struct {
	Kinds     []string  `json:"kinds" doc:"kinds: DaemonSet, Deployment, StatefulSet; Pod for static pods"`
	Namespace string    `json:"namespace" doc:"namespace"`
	Name      string    `json:"name" doc:"name"`
	Except    string    `json:"except" doc:"names that do not count"`
	Image     string    `json:"image" doc:"image of one of its containers"`
	HostPath  string    `json:"hostPath" doc:"path of one of its hostPath volumes"`
	HostPorts []int     `json:"hostPorts" doc:"one of these is a host port of its pods"`
	Label     LabelRule `json:"label" doc:"a label of it or of its pods"`
}

// A LabelRule recognizes a label or an annotation.
type LabelRule struct {
	Key   string `json:"key" doc:"key, as it is written"`
	Value string `json:"value" doc:"value"`
}

// A NodeRule recognizes a node; the fields that are set must all match.
type NodeRule struct {
	Kubelet          string    `json:"kubelet" doc:"version of the kubelet"`
	Reason           string    `json:"reason" doc:"reason of its condition NetworkUnavailable"`
	Annotation       string    `json:"annotation" doc:"key of one of its annotations"`
	UnlessAnnotation LabelRule `json:"unlessAnnotation" doc:"an annotation with which the rule does not apply"`
}

// A ServiceRule recognizes a Service.
type ServiceRule struct {
	Namespace string `json:"namespace" doc:"namespace"`
	Name      string `json:"name" doc:"name"`
}

// Files beside the addons.
const (
	providersFile = "providers.yaml"
	probesFile    = "probes.yaml"
)

// loadProviders reads the rules; a catalogue without the file has none.
func (c *Catalogue) loadProviders(s Source) error {
	var p Providers
	if err := c.decodeShared(s, providersFile, &p); err != nil {
		return err
	}
	c.providers = append(c.providers, p.Providers...)
	if s.Name != "" && len(p.Providers) > 0 {
		c.note(s, "", fmt.Sprintf("%d rules of %s", len(p.Providers), providersFile), false, nil)
	}
	var errs []error
	for i, rule := range p.Providers {
		for _, text := range []string{
			rule.Workload.Namespace, rule.Workload.Name, rule.Workload.Except, rule.Workload.Image, rule.Workload.HostPath, rule.Workload.Label.Value,
			rule.Node.Kubelet, rule.Node.Reason, rule.Node.Annotation, rule.Node.UnlessAnnotation.Value, rule.Service.Namespace, rule.Service.Name, rule.APIService,
		} {
			if _, err := regexp.Compile(text); err != nil {
				errs = append(errs, c.locate(s.addonFile(providersFile), place{fmt.Sprintf("providers[%d]", i), err}))
			}
		}
	}
	return errors.Join(errs...)
}

// Providers returns the rules by which others' providers of a role are recognized.
func (c *Catalogue) Providers() []Provider { return c.providers }

// Roles returns the role of each addon, by its name.
func (c *Catalogue) Roles() map[string]string {
	roles := map[string]string{}
	for name, a := range c.addons {
		roles[name] = a.Role
	}
	return roles
}
