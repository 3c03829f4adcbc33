package bundle

import (
	"errors"
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Providers are the rules by which others' providers of a role are recognized.
type Providers struct {
	APIVersion string     `json:"apiVersion" required:"true" enum:"fitout.dev/v1alpha1" doc:"version of this format"`
	Kind       string     `json:"kind" required:"true" enum:"Providers" doc:"kind of this file"`
	Providers  []Provider `json:"providers" required:"true" doc:"the rules"`
}

// A Provider recognizes one provider of a role, by exactly one of workload, node, service, apiService and storageClass. Texts are
// regular expressions over a whole value.
type Provider struct {
	Name         string           `json:"name" required:"true" doc:"the provider, as a person calls it"`
	Role         string           `json:"role" required:"true" doc:"the role of the addons that it takes the place of"`
	Addon        string           `json:"addon" doc:"an addon that installs the same: it may, where nothing but a node tells of the provider"`
	Workload     WorkloadRule     `json:"workload" doc:"a workload of the cluster"`
	Node         NodeRule         `json:"node" doc:"a node"`
	Service      ServiceRule      `json:"service" doc:"a Service"`
	APIService   string           `json:"apiService" doc:"name of an APIService"`
	StorageClass StorageClassRule `json:"storageClass" doc:"a StorageClass"`
	Problem      string           `json:"problem" doc:"what is wrong with it beside the addon, a clause; absent: the addon would be a second one"`
	Keep         string           `json:"keep" doc:"how it is kept, an imperative; absent: by leaving the addon out"`
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
	Arg       string    `json:"arg" doc:"a word of the command or of the arguments of one of its containers"`
	UnlessArg string    `json:"unlessArg" doc:"such a word with which the rule does not apply"`
	Env       LabelRule `json:"env" doc:"an environment variable of one of its containers"`
	Settings  Setting   `json:"settings" doc:"a field of an object that configures it"`
}

// A Setting is a field of an object that configures a workload: of a ConfigMap in its namespace, or of an object of the cluster.
type Setting struct {
	Resource string `json:"resource" doc:"resource of the object, if it is no ConfigMap: RESOURCE.VERSION.GROUP of an object that belongs to no namespace"`
	Name     string `json:"name" doc:"its name, as it is written"`
	Field    string `json:"field" doc:"the field (spec.bpfEnabled; data.antrea-agent.conf: the key of a ConfigMap may hold dots)"`
	Value    string `json:"value" doc:"value of the field"`
}

// A LabelRule recognizes a label, an annotation or an environment variable.
type LabelRule struct {
	Key   string `json:"key" doc:"key, as it is written"`
	Value string `json:"value" doc:"value"`
}

// A NodeRule recognizes a node; the fields that are set must all match.
type NodeRule struct {
	Kubelet          string    `json:"kubelet" doc:"version of the kubelet"`
	Reason           string    `json:"reason" doc:"reason of its condition NetworkUnavailable"`
	Annotation       string    `json:"annotation" doc:"key of one of its annotations"`
	Label            LabelRule `json:"label" doc:"one of its labels"`
	UnlessAnnotation LabelRule `json:"unlessAnnotation" doc:"an annotation with which the rule does not apply"`
}

// A ServiceRule recognizes a Service.
type ServiceRule struct {
	Namespace string `json:"namespace" doc:"namespace"`
	Name      string `json:"name" doc:"name"`
	Address   bool   `json:"address" doc:"it has the cluster IP of a Service that the addon brings"`
}

// A StorageClassRule recognizes a StorageClass.
type StorageClassRule struct {
	Default bool `json:"default" doc:"it is the default, and the addon brings one that is, too"`
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
			rule.Workload.Arg, rule.Workload.UnlessArg, rule.Workload.Env.Value, rule.Workload.Settings.Value,
			rule.Node.Kubelet, rule.Node.Reason, rule.Node.Annotation, rule.Node.Label.Value, rule.Node.UnlessAnnotation.Value,
			rule.Service.Namespace, rule.Service.Name, rule.APIService,
		} {
			if _, err := regexp.Compile(text); err != nil {
				errs = append(errs, c.locate(s.addonFile(providersFile), place{fmt.Sprintf("providers[%d]", i), err}))
			}
		}
		if err := rule.Workload.Settings.verify(); err != nil {
			errs = append(errs, c.locate(s.addonFile(providersFile), place{fmt.Sprintf("providers[%d].workload.settings", i), err}))
		}
	}
	return errors.Join(errs...)
}

func (s Setting) verify() error {
	gvr, _ := schema.ParseResourceArg(s.Resource)
	switch {
	case s == (Setting{}):
	case s.Name == "" || s.Field == "":
		return errors.New("has no name or no field; give both")
	case s.Resource != "" && gvr == nil:
		return fmt.Errorf("has the resource %q; write it as RESOURCE.VERSION.GROUP", s.Resource)
	}
	return nil
}

// GVR is the resource of the object, and whether it belongs to the namespace of the workload.
func (s Setting) GVR() (resource schema.GroupVersionResource, namespaced bool) {
	if gvr, _ := schema.ParseResourceArg(s.Resource); gvr != nil {
		return *gvr, false
	}
	return schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}, true
}

// Keys is the way to the field.
func (s Setting) Keys() []string { return keysOf(s.Field) }

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
