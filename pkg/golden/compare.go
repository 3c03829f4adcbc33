package golden

import (
	"bytes"
	"cmp"
	"iter"
	"maps"
	"path"
	"slices"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
)

// A Comparison is what differs between a golden folder and what is rendered now.
type Comparison struct {
	Clusters int      // that are rendered now
	Added    []string // clusters that have no index yet
	Removed  []string // clusters with an index, and no cluster file
	Changed  []ClusterChange
	Addons   []*AddonChange
	Edited   []string // files that are not as fitout golden update has written them, or missing
	Unused   []string // files that no index names

	names  []string          // of all clusters, in the order of their files
	write  map[string][]byte // what is to be in the folder and is not, by file
	remove []string
}

// A ClusterChange is a cluster whose index differs.
type ClusterChange struct {
	Name          string
	Before, After Index
}

// An AddonChange is one rendering of an addon in place of another, on all clusters that it happens to.
type AddonChange struct {
	Name          string
	Before, After *Rendering // nil if the clusters have it newly, or no longer
	Clusters      []string

	known map[string]bundle.Addon // of the catalogue
}

// A Rendering is the objects of an addon of one version.
type Rendering struct {
	Version    string
	File       string
	Kubernetes string // version of a cluster that has it
	Bundle     string // of that cluster
	Objects    []*manifest.Object
}

// Same reports whether nothing differs.
func (c *Comparison) Same() bool { return len(c.write) == 0 && len(c.remove) == 0 }

// Compare renders clusters and compares them with the folder. A cluster that comes with an error ends it.
func (f *Folder) Compare(clusters iter.Seq2[Cluster, error]) (*Comparison, error) {
	before, err := f.indexes()
	if err != nil {
		return nil, err
	}
	run := newComparing(f, before)
	if err := run.takeAll(clusters); err != nil {
		return nil, err
	}
	return run.out, run.finish()
}

// Between compares clusters with what clusters of the same names get otherwise, such as under the next Kubernetes minor.
func Between(before, after iter.Seq2[Cluster, error]) (*Comparison, error) {
	old := newComparing(&Folder{}, nil)
	if err := old.takeAll(before); err != nil {
		return nil, err
	}
	fresh := newComparing(&Folder{}, old.after)
	fresh.rendered = old.rendered
	if err := fresh.takeAll(after); err != nil {
		return nil, err
	}
	return fresh.out, fresh.finish()
}

// comparing is the work on one comparison.
type comparing struct {
	folder        *Folder
	before, after map[string]Index
	rendered      map[string]render.Addon // what differs from the folder or is new in it, by file
	seen          map[string]bool         // files of renderings
	known         map[string]bundle.Addon // of the catalogue
	out           *Comparison
}

func newComparing(f *Folder, before map[string]Index) *comparing {
	return &comparing{
		folder: f, before: before, after: map[string]Index{}, rendered: map[string]render.Addon{}, seen: map[string]bool{},
		out: &Comparison{write: map[string][]byte{}},
	}
}

func (r *comparing) takeAll(clusters iter.Seq2[Cluster, error]) error {
	for cluster, err := range clusters {
		if err != nil {
			return err
		}
		if err := r.take(cluster); err != nil {
			return err
		}
	}
	return nil
}

// take looks at one cluster.
func (r *comparing) take(c Cluster) error {
	index, err := indexOf(c.Plan, r.addon)
	if err != nil {
		return err
	}
	r.out.Clusters++
	r.known = c.Plan.Addons
	r.out.names = append(r.out.names, c.Name)
	r.after[c.Name] = index
	text, err := index.text()
	if err != nil {
		return err
	}
	return r.differs(indexFile(c.Name), text)
}

// addon looks at one rendering, once.
func (r *comparing) addon(file string, a render.Addon) error {
	if r.seen[file] {
		return nil
	}
	r.seen[file] = true
	text, err := r.folder.brief.text(a)
	if err != nil {
		return err
	}
	name := addons + "/" + file
	if err := r.differs(name, text); err != nil {
		return err
	}
	if r.out.write[name] != nil {
		r.rendered[file] = a
	}
	return nil
}

// differs notes a file that is to be written.
func (r *comparing) differs(name string, text []byte) error {
	found, err := r.folder.read(name)
	if err != nil || bytes.Equal(found, text) {
		return err
	}
	r.out.write[name] = text
	return nil
}

// finish says what becomes of each cluster, and which files nothing names any more.
func (r *comparing) finish() error {
	for name := range r.before {
		if _, there := r.after[name]; !there {
			r.out.Removed = append(r.out.Removed, name)
			r.out.remove = append(r.out.remove, indexFile(name))
		}
	}
	slices.Sort(r.out.Removed)
	slices.Sort(r.out.remove)
	changes := map[[2]string]*AddonChange{}
	for _, name := range slices.Sorted(maps.Keys(r.after)) {
		before, there := r.before[name]
		if !there {
			r.out.Added = append(r.out.Added, name)
			continue
		}
		if r.out.write[indexFile(name)] == nil {
			continue
		}
		r.out.Changed = append(r.out.Changed, ClusterChange{name, before, r.after[name]})
		r.pair(changes, name, before, r.after[name])
	}
	r.out.Addons = slices.SortedFunc(maps.Values(changes), compareAddonChanges)
	if err := r.load(); err != nil {
		return err
	}
	return r.leftovers()
}

func compareAddonChanges(a, b *AddonChange) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Before.version(), b.Before.version()), cmp.Compare(a.After.version(), b.After.version()),
		cmp.Compare(len(b.Clusters), len(a.Clusters)), cmp.Compare(a.Clusters[0], b.Clusters[0]))
}

func (r *Rendering) version() string {
	if r == nil {
		return ""
	}
	return r.Version
}

// pair adds the addons that a cluster has otherwise than before.
func (r *comparing) pair(changes map[[2]string]*AddonChange, cluster string, before, after Index) {
	had, has := entries(before), entries(after)
	both := maps.Clone(had)
	maps.Copy(both, has)
	for name := range both {
		old, fresh := had[name], has[name]
		if old.File == fresh.File {
			continue
		}
		key := [2]string{old.File, fresh.File}
		if changes[key] == nil {
			changes[key] = &AddonChange{Name: name, Before: rendering(old, before), After: rendering(fresh, after), known: r.known}
		}
		changes[key].Clusters = append(changes[key].Clusters, cluster)
	}
}

func rendering(e IndexEntry, i Index) *Rendering {
	if e.File == "" {
		return nil
	}
	return &Rendering{Version: e.Version, File: e.File, Kubernetes: i.Kubernetes, Bundle: i.Bundle}
}

func entries(i Index) map[string]IndexEntry {
	all := map[string]IndexEntry{}
	for _, e := range i.Addons {
		all[e.Name] = e
	}
	return all
}

// load reads the objects of both sides of each change.
func (r *comparing) load() error {
	for _, c := range r.out.Addons {
		for _, side := range []*Rendering{c.Before, c.After} {
			if side == nil {
				continue
			}
			if a, fresh := r.rendered[side.File]; fresh {
				side.Objects = a.Objects
				continue
			}
			text, err := r.folder.read(addons + "/" + side.File)
			if err != nil {
				return err
			}
			if side.Objects, err = manifest.Parse(path.Join(r.folder.name, addons, side.File), text); err != nil {
				return err
			}
		}
	}
	return nil
}

// leftovers finds files that were edited, and those that nothing names.
func (r *comparing) leftovers() error {
	files, err := r.folder.list(addons)
	if err != nil {
		return err
	}
	named := map[string]bool{} // by the indexes as they are in the folder
	for _, index := range r.before {
		for _, a := range index.Addons {
			named[addons+"/"+a.File] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.out.write)) {
		if named[name] {
			r.out.Edited = append(r.out.Edited, name)
		}
	}
	for _, name := range files {
		if r.seen[path.Base(name)] {
			continue
		}
		text, err := r.folder.read(name)
		if err != nil {
			return err
		}
		if !bytes.HasPrefix(text, []byte(header)) {
			continue // somebody else's
		}
		r.out.remove = append(r.out.remove, name)
		if !named[name] {
			r.out.Unused = append(r.out.Unused, name)
		}
	}
	return nil
}
