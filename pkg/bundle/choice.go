package bundle

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
)

// A chosenRole is a role whose addon a field of the cluster file names.
type chosenRole struct {
	role, field string
	several     bool // addons.<name>.enabled: true installs another one beside the one that the field names
}

var chosenRoles = []chosenRole{
	{"cni", "cni", false},
	{"ingress", "ingress", false},
	{"storage", "csi", true},
}

// Field returns the field of the cluster file that names the addon, if its role has one.
func (a Addon) Field() (field string, ok bool) {
	for _, r := range chosenRoles {
		if r.role == a.Role {
			return r.field, true
		}
	}
	return "", false
}

// alone reports whether a cluster has one addon of the role, and a field of the cluster file decides which.
func (a Addon) alone() bool {
	for _, r := range chosenRoles {
		if r.role == a.Role {
			return !r.several
		}
	}
	return a.ChosenBy != ""
}

// Called is the name by which the field of the cluster file names the addon.
func (a Addon) Called() string {
	if a.Alias != "" {
		return a.Alias
	}
	return a.Name
}

// chosenBy returns the field of the cluster file that selects the addon.
func (a Addon) chosenBy() string {
	if field, ok := a.Field(); ok {
		return field
	}
	if a.ChosenBy != "" {
		return a.ChosenBy
	}
	return "addons." + a.Name + ".enabled"
}

// selected reports whether the cluster file asks for the addon, apart from addons.<name>.enabled.
func (a Addon) selected(cluster clusterfile.Cluster, data map[string]any) (bool, error) {
	if field, ok := a.Field(); ok {
		chosen := cluster.Chosen(field)
		return chosen == a.Name || chosen == a.Called(), nil
	}
	return holds(a.Name, a.When, data)
}

// Named returns the addon that a value of a field of the cluster file names.
func (c *Catalogue) Named(field, value string) (Addon, bool) {
	for _, a := range c.addons {
		if of, ok := a.Field(); ok && of == field && (a.Name == value || a.Called() == value) {
			return a, true
		}
	}
	return Addon{}, false
}

// Offers are what the catalogue offers to cluster files.
func (c *Catalogue) Offers() clusterfile.Offers {
	offers := clusterfile.Offers{Tested: map[string]string{}, Newest: c.Newest(), Choices: map[string][]clusterfile.Choice{}}
	for minor, b := range c.bundles {
		offers.Tested[minor] = b.TestedVersion
		for _, r := range chosenRoles {
			offers.Choices[minor] = append(offers.Choices[minor], c.choice(b, r.role, r.field))
		}
	}
	return offers
}

func (c *Catalogue) choice(b Bundle, role, field string) clusterfile.Choice {
	choice := clusterfile.Choice{Field: field, Default: clusterfile.None}
	if name, ok := b.Defaults[field]; ok {
		choice.Default = name
	}
	for _, name := range slices.Sorted(maps.Keys(b.Addons)) {
		if a := c.addons[name]; a.Role == role {
			choice.Options = append(choice.Options, clusterfile.Option{Name: a.Called(), ProviderID: a.Detect.ProviderID})
		}
	}
	return choice
}

// choices reports fields of the cluster file that name no addon of their role. Nobody is told a second time of what such an addon
// would provide. Where the user brings their own (cni: none), it counts as provided.
func (r *resolution) choices() {
	for _, role := range chosenRoles {
		choice, value := r.catalogue.choice(r.bundle, role.role, role.field), r.out.Cluster.Chosen(role.field)
		if value == clusterfile.None {
			r.out.External = append(r.out.External, r.catalogue.provision(role.role)...)
			continue
		}
		if fault, ok := choice.Check(value, r.catalogue.named(role.role)); !ok {
			r.faults = append(r.faults, fault)
			r.refused = append(r.refused, r.catalogue.provision(role.role)...)
		}
	}
}

// named returns all names by which the addons of a role can be chosen in any minor.
func (c *Catalogue) named(role string) []string {
	var names []string
	for _, a := range c.addons {
		if a.Role == role {
			names = append(names, a.Name, a.Called())
		}
	}
	return names
}

// provision is what a role provides: the first capability of its addons, which verifyChoices holds to be the same one.
func (c *Catalogue) provision(role string) []string {
	for _, a := range c.addons {
		if a.Role == role && len(a.Provides) > 0 {
			return a.Provides[:1]
		}
	}
	return nil
}

// namePattern is that of a label of DNS: names are parts of paths, of labels of objects, and of fields.
var namePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// verifyChoice checks the fields of an addon that decide when it is selected.
func (a Addon) verifyChoice() []place {
	_, chosen := a.Field()
	var wrong []place
	add := func(field, problem string) { wrong = append(wrong, place{field, errors.New(problem)}) }
	for field, name := range map[string]string{"name": a.Name, "role": a.Role} {
		if !namePattern.MatchString(name) {
			add(field, fmt.Sprintf("is %q; use lower-case letters, digits and dashes, 63 at the most", name))
		}
	}
	switch {
	case chosen && (a.When != "" || a.ChosenBy != ""):
		add("role", fmt.Sprintf("is %s, whose addons %s in the cluster file names; remove when and chosenBy", a.Role, a.chosenBy()))
	case chosen && len(a.Provides) == 0:
		add("role", fmt.Sprintf("is %s, but provides is empty; name what it provides, as other addons of the role do", a.Role))
	case !chosen && a.When == "":
		add("when", "is missing; add a template expression over the cluster file ('true': always)")
	case !chosen && (a.Alias != "" || a.Detect != Detect{}):
		add("role", fmt.Sprintf("is %s, whose addons no field of the cluster file names; remove alias and detect", a.Role))
	}
	if a.Name == clusterfile.None || a.Alias == clusterfile.None {
		add("name", "is none, which means no addon; give another name")
	}
	if a.Alias != "" && !namePattern.MatchString(a.Alias) {
		add("alias", fmt.Sprintf("is %q; use lower-case letters, digits and dashes, 63 at the most", a.Alias))
	}
	return wrong
}

// verifyRole checks an addon of a role that a field names against the others: they differ in name, and provide the same first.
func (c *Catalogue) verifyRole(a Addon) []place {
	var wrong []place
	if _, chosen := a.Field(); !chosen {
		return nil
	}
	for _, name := range c.Names() {
		other := c.addons[name]
		if other.Role != a.Role || name >= a.Name {
			continue
		}
		if slices.Contains([]string{a.Name, a.Called()}, other.Called()) || a.Called() == other.Name {
			wrong = append(wrong, place{"name", fmt.Errorf("can be chosen as %s, and so can addon %s; give another name or alias", other.Called(), name)})
		}
		if len(a.Provides) > 0 && len(other.Provides) > 0 && a.Provides[0] != other.Provides[0] {
			wrong = append(wrong, place{"provides", fmt.Errorf("begins with %s, but %s, of the same role, begins with %s; begin with what the role provides", a.Provides[0], name, other.Provides[0])})
		}
	}
	return wrong
}

// verifyDefaults checks that the defaults of a bundle name addons of the role that it holds.
func (c *Catalogue) verifyDefaults(b Bundle) []place {
	var wrong []place
	for _, field := range slices.Sorted(maps.Keys(b.Defaults)) {
		i := slices.IndexFunc(chosenRoles, func(r chosenRole) bool { return r.field == field })
		if i < 0 {
			wrong = append(wrong, place{"defaults." + field, errors.New("names no addon in the cluster file; use cni, ingress, csi")})
			continue
		}
		choice := c.choice(b, chosenRoles[i].role, field)
		if fault, ok := choice.Check(b.Defaults[field], nil); !ok {
			wrong = append(wrong, place{"defaults." + field, errors.New(fault.Problem + "; " + fault.Remedy)})
		}
	}
	return wrong
}
