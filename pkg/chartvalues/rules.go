package chartvalues

import (
	"fmt"
	"net/netip"
	"sync"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// costLimit bounds the work of one expression; those of the catalogue take a few hundred units.
const costLimit = 100_000

// environment is built when the first rule is judged: a run without values to judge does not pay for it.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	data := cel.MapType(cel.StringType, cel.DynType)
	function := func(name string, of func(a, b string) bool) cel.EnvOption {
		return cel.Function(name, cel.Overload(name+"_string_string", []*cel.Type{cel.StringType, cel.StringType}, cel.BoolType,
			cel.BinaryBinding(func(a, b ref.Val) ref.Val { return types.Bool(of(fmt.Sprint(a.Value()), fmt.Sprint(b.Value()))) })))
	}
	return cel.NewEnv(
		cel.Variable("values", data), cel.Variable("cluster", data), cel.Variable("minor", cel.StringType),
		function("inRange", inRange), function("overlaps", overlaps), function("olderThan", olderThan),
	)
})

// Holds reports whether a CEL expression is true of the merged values, the cluster file (as templates see it) and the
// Kubernetes minor. Beside CEL's own functions it has inRange(address, range), overlaps(range, range) and
// olderThan(minor, minor).
func Holds(expression string, values, cluster map[string]any, minor string) (bool, error) {
	program, err := compiled(expression)
	if err != nil {
		return false, err
	}
	result, _, err := program.Eval(map[string]any{"values": values, "cluster": cluster, "minor": minor})
	if err != nil {
		return false, err
	}
	holds, isBool := result.Value().(bool)
	if !isBool {
		return false, fmt.Errorf("is %v; it must be true or false", result.Value())
	}
	return holds, nil
}

// programs are the compiled expressions: a process may judge many clusters.
var programs sync.Map

func compiled(expression string) (cel.Program, error) {
	if program, ok := programs.Load(expression); ok {
		return program.(cel.Program), nil
	}
	env, err := environment()
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(expression)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	program, err := env.Program(ast, cel.CostLimit(costLimit))
	if err == nil {
		programs.Store(expression, program)
	}
	return program, err
}

// inRange reports whether an address is in a range. Text that is neither passes: it has a fault of its own already.
func inRange(address, within string) bool {
	ip, err := netip.ParseAddr(address)
	p, perr := netip.ParsePrefix(within)
	return err != nil || perr != nil || p.Contains(ip)
}

// overlaps reports whether two ranges do. Text that is not a range passes likewise.
func overlaps(a, b string) bool {
	p, err := netip.ParsePrefix(a)
	q, qerr := netip.ParsePrefix(b)
	return err == nil && qerr == nil && p.Overlaps(q)
}

func olderThan(minor, than string) bool { return clusterfile.CompareMinors(minor, than) < 0 }
