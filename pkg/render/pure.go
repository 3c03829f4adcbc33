package render

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	"helm.sh/helm/v3/pkg/chart"
)

// impure are the functions of templates whose result depends on the moment, on chance or on something outside the chart.
var impure = map[string]string{
	"now": "reads the clock", "ago": "reads the clock", "lookup": "asks the cluster", "getHostByName": "asks the DNS",
	"env": "reads the environment", "expandenv": "reads the environment", "uuidv4": "is random",
	"randAlphaNum": "is random", "randAlpha": "is random", "randAscii": "is random", "randNumeric": "is random", "randBytes": "is random", "randInt": "is random", "shuffle": "is random",
	"genPrivateKey": "makes a new key", "genCA": "makes a new key", "genCAWithKey": "makes a new certificate", "genSelfSignedCert": "makes a new key",
	"genSelfSignedCertWithKey": "makes a new certificate", "genSignedCert": "makes a new key", "genSignedCertWithKey": "makes a new certificate",
	"htpasswd": "takes a new salt", "bcrypt": "takes a new salt", "encryptAES": "takes a new nonce",
}

var impureWord = regexp.MustCompile(`\b(now|ago|lookup|getHostByName|env|expandenv|uuidv4|rand\w+|shuffle|gen\w+|htpasswd|bcrypt|encryptAES)\b`)

// pure lets every template of a chart fail where it calls a function whose result is not the same each time. A call that is not
// reached, such as one below an if, does no harm. Values and files that hold templates may not call one at all: where they are
// executed cannot be told.
func pure(c *chart.Chart, values map[string]any) error {
	var errs []error
	for _, t := range c.Templates {
		text, err := withoutImpure(t.Name, string(t.Data))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		t.Data = []byte(text)
	}
	for _, f := range c.Files {
		errs = append(errs, texts(f.Name, string(f.Data)))
	}
	errs = append(errs, valuesPure("values", values), valuesPure("values.yaml of chart "+c.Name(), c.Values))
	for _, d := range c.Dependencies() {
		errs = append(errs, pure(d, nil))
	}
	return errors.Join(errs...)
}

// valuesPure looks at every text among values.
func valuesPure(at string, value any) error {
	switch v := value.(type) {
	case string:
		return texts(at, v)
	case []any:
		for i, e := range v {
			if err := valuesPure(fmt.Sprintf("%s[%d]", at, i), e); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if err := valuesPure(at+"."+key, v[key]); err != nil {
				return err
			}
		}
	}
	return nil
}

// texts refuses a text that a template may execute (tpl) and that calls an impure function.
func texts(at, text string) error {
	if !strings.Contains(text, "{{") || !impureWord.MatchString(text) {
		return nil
	}
	trees, err := parseTemplate(at, text)
	if err != nil {
		return nil // no template, or one that cannot be executed
	}
	for _, name := range slices.Sorted(maps.Keys(trees)) {
		if found := replaceImpure(trees[name], at); found != "" {
			return fmt.Errorf("%s: %s", at, found)
		}
	}
	return nil
}

// withoutImpure returns a template in which calls of impure functions are failures that say so.
func withoutImpure(name, text string) (string, error) {
	if !impureWord.MatchString(text) {
		return text, nil
	}
	trees, err := parseTemplate(name, text)
	if err != nil {
		return text, nil // the engine reports it
	}
	changed := false
	var out strings.Builder
	for _, defined := range slices.Sorted(maps.Keys(trees)) {
		changed = replaceImpure(trees[defined], name) != "" || changed
		body := trees[defined].Root.String()
		if defined == name {
			out.WriteString(body)
		} else {
			out.WriteString("{{define " + strconv.Quote(defined) + "}}" + body + "{{end}}")
		}
	}
	if !changed {
		return text, nil
	}
	return out.String(), nil
}

func parseTemplate(name, text string) (map[string]*parse.Tree, error) {
	tree := parse.New(name)
	tree.Mode = parse.SkipFuncCheck
	trees := map[string]*parse.Tree{}
	_, err := tree.Parse(text, "", "", trees)
	return trees, err
}

// replaceImpure replaces calls in a tree, and returns what is said of the first one.
func replaceImpure(tree *parse.Tree, file string) string {
	p := purifier{tree: tree, file: file}
	p.list(tree.Root)
	return p.said
}

type purifier struct {
	tree *parse.Tree
	file string
	said string
}

func (p *purifier) list(l *parse.ListNode) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			p.pipe(n.Pipe)
		case *parse.IfNode:
			p.branch(&n.BranchNode)
		case *parse.RangeNode:
			p.branch(&n.BranchNode)
		case *parse.WithNode:
			p.branch(&n.BranchNode)
		case *parse.TemplateNode:
			p.pipe(n.Pipe)
		}
	}
}

func (p *purifier) branch(b *parse.BranchNode) {
	p.pipe(b.Pipe)
	p.list(b.List)
	p.list(b.ElseList)
}

// pipe puts a failure in the place of a command that calls an impure function, and of what is piped into it.
func (p *purifier) pipe(pipe *parse.PipeNode) {
	if pipe == nil {
		return
	}
	for i := len(pipe.Cmds) - 1; i >= 0; i-- {
		for _, arg := range pipe.Cmds[i].Args {
			if inner, ok := arg.(*parse.PipeNode); ok {
				p.pipe(inner)
			}
			if chain, ok := arg.(*parse.ChainNode); ok {
				if inner, ok := chain.Node.(*parse.PipeNode); ok {
					p.pipe(inner)
				}
			}
		}
		name := called(pipe.Cmds[i])
		if name == "" {
			continue
		}
		at, _ := p.tree.ErrorContext(pipe.Cmds[i])
		said := fmt.Sprintf("calls %s, which %s, so that every rendering would differ; set values so that it is not called", name, impure[name])
		if p.said == "" {
			p.said = said
		}
		first := pipe.Cmds[i]
		first.Args = []parse.Node{parse.NewIdentifier("fail").SetPos(first.Pos), &parse.StringNode{NodeType: parse.NodeString, Pos: first.Pos, Quoted: fmt.Sprintf("%q", at+" "+said), Text: at + " " + said}}
		pipe.Cmds = pipe.Cmds[i:]
		return
	}
}

// called is the impure function that a command calls; empty if there is none.
func called(c *parse.CommandNode) string {
	for _, arg := range c.Args {
		if id, ok := arg.(*parse.IdentifierNode); ok && impure[id.Ident] != "" {
			return id.Ident
		}
	}
	return ""
}
