// Package fitout is the front door: it prepares what a cluster gets (purely, from files and facts), applies it in waves,
// and checks the result.
package fitout

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"github.com/fitout-dev/fitout/pkg/wave"
)

// A Plan is everything that a cluster gets, before anything is touched.
type Plan struct {
	Cluster   clusterfile.Cluster
	Findings  []clusterfile.Finding // what the user left open, and how it was settled
	Warnings  []string
	Rendering *render.Rendering
	Waves     []wave.Wave
	Kinds     manifest.Kinds          // of everything rendered
	External  []string                // capabilities that the user brings
	Roles     map[string]string       // of all addons of the catalogue, by name
	Addons    map[string]bundle.Addon // all of the catalogue, by name
	NodeNeeds []bundle.NodeNeed       // of the kubelets of its minor
	Providers []bundle.Provider       // by which others' providers of the roles are recognized
	SignedBy  string                  // fingerprint of the key with which the packed bundle is signed that it is of; "" for none
	file      clusterfile.File        // that it was prepared from
}

// Prepare turns a cluster file, and the facts of a running cluster where there is one, into a plan. given are the faults
// already found while the file and the flags were read: they are reported together with those found here. Everything rendered
// is validated as the API server of the cluster's version would do it, offline. The error is a strictyaml.Faults where the
// input is at fault; the plan comes with it if it is of what was rendered.
func Prepare(catalogue *bundle.Catalogue, file clusterfile.File, facts *clusterfile.Facts, given error) (*Plan, error) {
	return NewBatch(catalogue).Prepare(file, facts, given)
}

// A Batch prepares the plans of many clusters of one catalogue: what they have alike is rendered and validated once. Its plans
// share objects, which nobody may change. It is not for several goroutines at once.
type Batch struct {
	catalogue *bundle.Catalogue
	renderer  render.Renderer
	valid     map[string]bool // addons without a fault, by what that depends on
}

// NewBatch returns a batch that has prepared nothing yet.
func NewBatch(catalogue *bundle.Catalogue) *Batch {
	return &Batch{catalogue: catalogue, valid: map[string]bool{}}
}

// Prepare is the function of that name, for one cluster of the batch.
func (b *Batch) Prepare(file clusterfile.File, facts *clusterfile.Facts, given error) (*Plan, error) {
	catalogue := b.catalogue
	cluster, findings, err := clusterfile.Complete(file, facts, catalogue.Offers())
	faults, err := gather(given, err)
	if err != nil {
		return nil, err
	}
	if cluster.Minor() == "" {
		return nil, faults
	}
	resolved, err := catalogue.Resolve(cluster)
	all, err := gather(faults.ErrorOrNil(), file.Locate(err), file.Locate(againstFacts(resolved, file, facts)))
	switch {
	case err != nil && len(faults) > 0:
		return nil, faults // a template that fails over faulty input is no news
	case err != nil:
		return nil, err
	case len(all) > 0:
		return nil, all
	}
	rendering, err := b.renderer.Bundle(resolved)
	if err != nil {
		return nil, file.Locate(err)
	}
	resolved.Warnings = append(resolved.Warnings, rendering.Warnings...)
	p, err := plan(catalogue, resolved, rendering, slices.Concat(additions(catalogue, resolved.Minor), findings, mirrorFindings(file, rendering)))
	if err != nil {
		return nil, err
	}
	p.file = file
	return p, p.validate(b.valid)
}

// CatalogueField is the field of the findings that tell what of a catalogue was laid over the embedded one.
const CatalogueField = "catalogue"

// additions are findings about what comes from beside the embedded catalogue.
func additions(catalogue *bundle.Catalogue, minor string) []clusterfile.Finding {
	var found []clusterfile.Finding
	for _, o := range catalogue.Origins(minor) {
		found = append(found, clusterfile.Finding{Field: CatalogueField, Value: o.String(), Source: o.Source})
	}
	return found
}

// againstFacts adds the warnings of the facts to what was resolved. The error is a strictyaml.Faults about an API endpoint
// that an addon is told and nodes do not reach.
func againstFacts(resolved *bundle.Resolved, file clusterfile.File, facts *clusterfile.Facts) error {
	if resolved == nil || facts == nil {
		return nil
	}
	resolved.Warnings = append(facts.Warnings(resolved.Cluster), resolved.Warnings...)
	if !resolved.Endpoint {
		return nil
	}
	return facts.EndpointFault(file.Cluster)
}

func plan(catalogue *bundle.Catalogue, resolved *bundle.Resolved, rendering *render.Rendering, findings []clusterfile.Finding) (*Plan, error) {
	waves, err := wave.Plan(rendering, resolved.External)
	if err != nil {
		return nil, err
	}
	of, _ := catalogue.Bundle(resolved.Minor)
	return &Plan{
		NodeNeeds: of.Nodes,
		External:  resolved.External,
		Cluster:   resolved.Cluster, Findings: findings, Warnings: resolved.Warnings, Rendering: rendering,
		Waves: waves, Kinds: rendering.Kinds(), Roles: catalogue.Roles(), Addons: catalogue.Addons(), Providers: catalogue.Providers(),
	}, nil
}

// Pulled is where the cluster pulls an image from: its mirror where the cluster file names one, else the image's own registry. What is no
// reference stays as it is.
func (p *Plan) Pulled(reference string) string {
	ref, err := image.Parse(reference)
	if err != nil {
		return reference
	}
	at, elsewhere := p.Rendering.Mirrors.For(ref)
	if !elsewhere {
		return reference
	}
	return at.String()
}

// mirrorFindings tell which mirrors images are pulled from: the digest of what is rendered does not.
func mirrorFindings(file clusterfile.File, r *render.Rendering) []clusterfile.Finding {
	var found []clusterfile.Finding
	for _, m := range r.Mirrors {
		found = append(found, clusterfile.Finding{Field: "registries", Value: m.String(), Source: cmp.Or(file.Name, "cluster file")})
	}
	return found
}

// gather joins the faults in errs, in the order of their lines; an error that is no fault ends the gathering. What one of them
// says of a field that one before it has a fault of comes from that fault, and is left out.
func gather(errs ...error) (strictyaml.Faults, error) {
	type place struct{ file, field string }
	var all strictyaml.Faults
	known := map[place]bool{}
	for _, err := range errs {
		var faults strictyaml.Faults
		switch {
		case err == nil:
		case errors.As(err, &faults):
			for _, f := range faults {
				if !known[place{f.File, f.Field}] || f.Field == "" {
					all = append(all, f)
				}
			}
		default:
			return nil, err
		}
		for _, f := range faults {
			known[place{f.File, f.Field}] = true
		}
	}
	slices.SortStableFunc(all, func(a, b strictyaml.Fault) int { return a.Line - b.Line })
	return all, nil
}

// desired is what the cluster is to be fitted out with.
func (p *Plan) desired() inventory.Target {
	return inventory.Target{Bundle: p.Rendering.Bundle, Kubernetes: p.Cluster.KubernetesVersion, Digest: p.Rendering.Digest}
}

// target is the record of the plan, but for UIDs. waves are those of the plan, with what local edits add.
func (p *Plan) target(waves []wave.Wave, version string) (*inventory.Inventory, error) {
	i := &inventory.Inventory{State: inventory.Complete, Fitout: version, SignedBy: p.SignedBy, Target: p.desired(), Addons: map[string]inventory.Addon{}}
	for _, a := range p.Rendering.Addons {
		i.Addons[a.Name] = inventory.Addon{Version: a.Version, Digest: a.Digest, Objects: len(a.Objects)}
	}
	for n, w := range waves {
		for _, o := range w.Objects {
			gvr, _, err := p.Kinds.Of(o)
			if err != nil {
				return nil, err
			}
			i.Entries = append(i.Entries, inventory.Entry{
				ID: manifest.IDOf(o), Version: gvr.Version, Resource: gvr.Resource, Addon: o.GetLabels()[render.LabelAddon], Wave: n, Digest: inventory.DigestOf(o),
			})
		}
	}
	return i, nil
}

// conflicts are the policies of a run: those of the command line override those of the cluster file.
func (p *Plan) conflicts(run changeset.Policies) changeset.Policies {
	policies := changeset.Policies{}
	for name, a := range p.Cluster.Addons {
		if a.Conflicts != "" {
			policies[name] = changeset.Policy(a.Conflicts)
		}
	}
	maps.Copy(policies, run)
	return policies
}

// checkPolicies are those of a check: where neither the command line nor the cluster file says anything, what the last run was told.
func (p *Plan) checkPolicies(run changeset.Policies, record *manifest.Object) changeset.Policies {
	policies := changeset.Policies{}
	for _, name := range inventory.KeptAddons(record) {
		policies[name] = changeset.Leave
	}
	given := p.conflicts(run)
	if everywhere, said := given[""]; said {
		policies = changeset.Policies{"": everywhere}
	}
	maps.Copy(policies, given)
	return policies
}

// judged are the addons as the check sees them: those of the bundle, and Fitout's own record.
func (p *Plan) judged() []render.Addon {
	own := render.Addon{Addon: bundle.Addon{Name: render.ManagedBy}, Version: p.Rendering.Bundle, Digest: p.Rendering.Digest,
		Objects: []*manifest.Object{inventory.Expected(p.desired())}}
	return append(slices.Clone(p.Rendering.Addons), own)
}

// Checks are all checks and probes that there are for the plan, as rows without a verdict.
func (p *Plan) Checks() []check.Row { return AllChecks(p.judged()) }

// Sought is what others create and the check looks for: definitions by controllers, and accounts that only a patch names.
func (p *Plan) Sought() []*manifest.Object {
	return append(p.Rendering.Created(), check.OtherAccounts(p.Rendering.Addons)...)
}

// objects are all objects that are judged.
func (p *Plan) objects() []*manifest.Object {
	return slices.Concat(p.Rendering.Objects(), p.Sought(), []*manifest.Object{inventory.Expected(p.desired())})
}

// report begins the account of a run.
func (p *Plan) report() *report.Report {
	r := &report.Report{
		APIVersion: report.Version, Kind: report.Kind, Cluster: p.Cluster.Name, Kubernetes: p.Cluster.KubernetesVersion,
		Bundle: p.Rendering.Bundle, Digest: p.Rendering.Digest, Findings: p.Findings, Warnings: p.Warnings, Verdict: check.Failed,
	}
	for _, a := range p.Rendering.Addons {
		r.Addons = append(r.Addons, report.Addon{Name: a.Name, Version: a.Version, Objects: len(a.Objects), Digest: a.Digest})
	}
	return r
}
