"""`acw completion`: how does the shell complete what I type?"""

from __future__ import annotations

import os
import sys
from pathlib import PurePath
from typing import Annotated

import typer

from acwcli.cli.flags import with_flags

_SCRIPTS = {
    "bash": r"""
_acw() {
    local IFS=$'\n'
    COMPREPLY=( $(_ACW_COMPLETE=bash acw "$COMP_LINE" "$COMP_POINT" 2>/dev/null) )
    [[ ${COMPREPLY[0]} == *[=,] ]] && compopt -o nospace
    return 0
}
complete -o default -o bashdefault -F _acw acw
""",
    "zsh": r"""
#compdef acw
_acw() {
    local -a found shown
    local line
    for line in "${(@f)$(_ACW_COMPLETE=zsh acw "=${(Q)PREFIX}" $((CURRENT - 1)) \
            "${(@Q)words[1,CURRENT-1]}" "${(@Q)words[CURRENT+1,-1]}" 2>/dev/null)}"; do
        [[ -n $line ]] || continue
        found+=("${line%%$'\t'*}")
        shown+=("${line%%$'\t'*}${${line#*$'\t'}:+  -- ${line#*$'\t'}}")
    done
    if (( ! ${#found} )); then
        _files
    elif [[ ${found[1]} == *[=,] ]]; then
        compadd -l -S '' -d shown -a found
    else
        compadd -l -d shown -a found
    fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _acw "$@"; else compdef _acw acw; fi
""",
    "fish": r"""
function __acw_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l all (commandline -op)
    set -l next (math (count $before) + 1)
    test -n "$current"; and set next (math $next + 1)
    set -l found (_ACW_COMPLETE=fish acw "=$current" (count $before) $before $all[$next..-1] 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path "$current"
    end
end
complete --command acw --no-files --arguments '(__acw_complete)'
""",
    "powershell": r"""
Register-ArgumentCompleter -Native -CommandName acw -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $elements = @($commandAst.CommandElements)
    $before = @($elements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition })
    $after = @($elements | Where-Object { $_.Extent.StartOffset -gt $cursorPosition })
    $words = @(@($before) + @($after) | ForEach-Object { $_.ToString().Trim("'", '"') })
    $Env:_ACW_COMPLETE = 'powershell'
    try {
        & acw "=$wordToComplete" $before.Count @words 2>$null | ForEach-Object {
            $value, $meaning = $_ -split "`t", 2
            if (-not $meaning) { $meaning = $value }
            $written = if ($value -match '\s') { "'$value'" } else { $value }
            [System.Management.Automation.CompletionResult]::new($written, $value, 'ParameterValue', $meaning)
        }
    } finally {
        Remove-Item Env:_ACW_COMPLETE
    }
}
""",
}


@with_flags
def command(
    shell: Annotated[
        str | None,
        typer.Argument(metavar="[SHELL]", help="bash, zsh, fish or powershell; else yours.", show_default=False),
    ] = None,
) -> None:
    """Print the script that lets a shell complete commands, options, columns, agents and queues.

    \b
    Examples:
        acw completion bash > ~/.local/share/bash-completion/completions/acw
        acw completion zsh > "${fpath[1]}/_acw"
        acw completion fish > ~/.config/fish/completions/acw.fish
        acw completion powershell >> $PROFILE
    """
    from acwcli.cli import parse

    sys.stdout.write(_SCRIPTS[parse.one_of(shell or _own_shell(), tuple(_SCRIPTS), "acw completion")].lstrip("\n"))


def _own_shell() -> str:
    """The shell of the user; PowerShell is known by a variable of its own."""
    name = PurePath(os.environ.get("SHELL", "")).stem
    return name if name in _SCRIPTS else "powershell" if "PSModulePath" in os.environ else name or "bash"
