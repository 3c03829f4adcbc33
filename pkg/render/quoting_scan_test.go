package render_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template/parse"
)

// An action is a place of a template where a value is printed.
type action struct {
	pipe *parse.PipeNode
	dot  bool // the dot is a value (range, with)
}

// scan walks a template tree in the order of its text. Actions that print what comes from values are recorded, and stand in the
// text as marks.
type scan struct {
	text    strings.Builder
	actions []action
	vars    map[string]bool // variables that hold values
}

func (s *scan) walk(n parse.Node, dot bool) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, c := range n.Nodes {
				s.walk(c, dot)
			}
		}
	case *parse.TextNode:
		s.text.Write(n.Text)
	case *parse.ActionNode:
		s.declare(n.Pipe, dot)
		if len(n.Pipe.Decl) == 0 && s.fromValues(n.Pipe, dot) {
			fmt.Fprintf(&s.text, "\x00%d\x00", len(s.actions))
			s.actions = append(s.actions, action{n.Pipe, dot})
		} else if len(n.Pipe.Decl) == 0 {
			s.text.WriteString("constant")
		}
	case *parse.IfNode:
		s.declare(n.Pipe, dot)
		s.walk(n.List, dot)
		s.walk(n.ElseList, dot)
	case *parse.RangeNode:
		s.branch(&n.BranchNode, dot)
	case *parse.WithNode:
		s.branch(&n.BranchNode, dot)
	}
}

func (s *scan) branch(n *parse.BranchNode, dot bool) {
	s.declare(n.Pipe, dot)
	s.walk(n.List, s.fromValues(n.Pipe, dot))
	s.walk(n.ElseList, dot)
}

func (s *scan) declare(p *parse.PipeNode, dot bool) {
	for _, v := range p.Decl {
		s.vars[v.Ident[0]] = s.fromValues(p, dot)
	}
}

// fromValues reports whether a node prints something of the values; what a template that it includes prints may be.
func (s *scan) fromValues(n parse.Node, dot bool) bool {
	switch n := n.(type) {
	case *parse.PipeNode:
		return slices.ContainsFunc(n.Cmds, func(c *parse.CommandNode) bool { return s.fromValues(c, dot) })
	case *parse.CommandNode:
		return slices.ContainsFunc(n.Args, func(a parse.Node) bool { return s.fromValues(a, dot) })
	case *parse.FieldNode:
		return n.Ident[0] == "Values" || dot && n.Ident[0] != "Release"
	case *parse.ChainNode:
		return s.fromValues(n.Node, dot)
	case *parse.VariableNode:
		return s.vars[n.Ident[0]] || len(n.Ident) > 1 && n.Ident[0] == "$" && n.Ident[1] == "Values"
	case *parse.DotNode:
		return dot
	case *parse.IdentifierNode:
		return n.Ident == "include"
	}
	return false
}

// called returns the function of a command; "" for a plain value.
func called(c *parse.CommandNode) string {
	if f, ok := c.Args[0].(*parse.IdentifierNode); ok {
		return f.Ident
	}
	return ""
}

// encoded reports whether the last function of a pipe makes its value one scalar of YAML, or whole lines of it.
func encoded(p *parse.PipeNode, startsLine bool) bool {
	last := called(p.Cmds[len(p.Cmds)-1])
	if slices.Contains([]string{"quote", "int", "toJson", "sha256sum", "ternary", "fail"}, last) {
		return true
	}
	structured := func(c *parse.CommandNode) bool { return slices.Contains([]string{"toYaml", "include"}, called(c)) }
	if last == "nindent" {
		return len(p.Cmds) > 1 && structured(p.Cmds[len(p.Cmds)-2])
	}
	return startsLine && last == "toYaml" // of a template that its users indent
}

var opensText = regexp.MustCompile(`^( *)(- )*[^#]*: [|>][+-]?[0-9]?\s*$`)

// inText reports for each mark of a scanned template whether it stands in the text of a block scalar, and whether it starts a line.
func inText(text string) (within, starts []bool) {
	indent := -1
	for line := range strings.Lines(text) {
		body := strings.TrimLeft(line, " ")
		depth := len(line) - len(body)
		if indent >= 0 && strings.TrimSpace(body) != "" && depth <= indent {
			indent = -1
		}
		for i := range strings.Count(line, "\x00") / 2 {
			within = append(within, indent >= 0)
			starts = append(starts, i == 0 && strings.HasPrefix(line, "\x00"))
		}
		if m := opensText.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil && indent < 0 {
			indent = len(m[1])
		}
	}
	return within, starts
}

// paths returns the values that a pipe names, as paths; "?" for one that it does not name.
func paths(n parse.Node) []string {
	var all []string
	switch n := n.(type) {
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			all = append(all, paths(c)...)
		}
	case *parse.CommandNode:
		for _, a := range n.Args {
			all = append(all, paths(a)...)
		}
	case *parse.FieldNode:
		if n.Ident[0] == "Values" {
			all = append(all, strings.Join(n.Ident[1:], "."))
		}
	case *parse.DotNode, *parse.VariableNode:
		all = append(all, "?")
	}
	return all
}
