# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What the type library of OfficeC2RCom.dll, an object of each class and the registry say of the update interface.
# Internal use only, the interface may change at any time.

#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._Registry

# Compiled by Add-Type when a diagnosis is asked for, and hence no C# util: Ansible would compile it for each call of
# the module, on each host of each pass. A unit test compiles it as Windows PowerShell 5.1 would.
$script:TypeLibrarySource = @'
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
// By name: .NET Framework still has obsolete types of these names one namespace above.
using ELEMDESC = System.Runtime.InteropServices.ComTypes.ELEMDESC;
using FUNCDESC = System.Runtime.InteropServices.ComTypes.FUNCDESC;
using ITypeInfo = System.Runtime.InteropServices.ComTypes.ITypeInfo;
using ITypeLib = System.Runtime.InteropServices.ComTypes.ITypeLib;
using TYPEATTR = System.Runtime.InteropServices.ComTypes.TYPEATTR;
using TYPEDESC = System.Runtime.InteropServices.ComTypes.TYPEDESC;
using TYPELIBATTR = System.Runtime.InteropServices.ComTypes.TYPELIBATTR;
using VARDESC = System.Runtime.InteropServices.ComTypes.VARDESC;
using VARKIND = System.Runtime.InteropServices.ComTypes.VARKIND;

namespace OfficeFleet.C2R
{
    // Everything comes out as dictionaries, lists, texts and numbers, ready for JSON.
    public static class TypeLibrary
    {
        [DllImport("oleaut32.dll", CharSet = CharSet.Unicode)]
        private static extern int LoadTypeLibEx(string file, int register, out ITypeLib library);

        public static Dictionary<string, object> Read(string path)
        {
            Dictionary<string, object> found = new Dictionary<string, object>();
            List<object> types = new List<object>();
            found["path"] = path;
            found["library_id"] = null;
            found["name"] = null;
            found["version"] = null;
            found["types"] = types;
            ITypeLib library;
            int result = LoadTypeLibEx(path, 2, out library);  // REGKIND_NONE: nothing is registered
            found["hresult"] = Hex(result);
            if (result < 0)
            {
                return found;
            }
            IntPtr pointer;
            library.GetLibAttr(out pointer);
            TYPELIBATTR attributes = (TYPELIBATTR)Marshal.PtrToStructure(pointer, typeof(TYPELIBATTR));
            library.ReleaseTLibAttr(pointer);
            found["library_id"] = Braced(attributes.guid);
            found["version"] = attributes.wMajorVerNum + "." + attributes.wMinorVerNum;
            found["name"] = Name(library, -1);
            for (int i = 0; i < library.GetTypeInfoCount(); i++)
            {
                Dictionary<string, object> type = new Dictionary<string, object>();
                types.Add(type);
                try
                {
                    type["name"] = Name(library, i);
                    Describe(library, i, type);
                }
                catch (Exception error)
                {
                    // One type that cannot be read does not keep the others from being told.
                    type["fault"] = error.Message;
                }
            }
            return found;
        }

        // How an object of the class answers when it is asked for each interface.
        public static Dictionary<string, object> Ask(string classId, string[] interfaceIds)
        {
            Dictionary<string, object> found = new Dictionary<string, object>();
            Dictionary<string, object> answers = new Dictionary<string, object>();
            found["class_id"] = classId;
            found["interfaces"] = answers;
            object instance = null;
            IntPtr unknown = IntPtr.Zero;
            try
            {
                instance = Activator.CreateInstance(Type.GetTypeFromCLSID(new Guid(classId), true));
                unknown = Marshal.GetIUnknownForObject(instance);
                found["hresult"] = Hex(0);
                foreach (string id in interfaceIds)
                {
                    Guid guid = new Guid(id);
                    IntPtr pointer;
                    int result = Marshal.QueryInterface(unknown, ref guid, out pointer);
                    answers[id] = Hex(result);
                    if (result >= 0)
                    {
                        Marshal.Release(pointer);
                    }
                }
            }
            catch (Exception error)
            {
                found["hresult"] = Hex(error.GetBaseException().HResult);
            }
            finally
            {
                if (unknown != IntPtr.Zero)
                {
                    Marshal.Release(unknown);
                }
                if (instance != null)
                {
                    Marshal.FinalReleaseComObject(instance);
                }
            }
            return found;
        }

        private static void Describe(ITypeLib library, int index, Dictionary<string, object> found)
        {
            ITypeInfo type;
            library.GetTypeInfo(index, out type);
            IntPtr pointer;
            type.GetTypeAttr(out pointer);
            TYPEATTR attributes = (TYPEATTR)Marshal.PtrToStructure(pointer, typeof(TYPEATTR));
            type.ReleaseTypeAttr(pointer);

            found["id"] = Braced(attributes.guid);
            found["kind"] = attributes.typekind.ToString();
            found["flags"] = attributes.wTypeFlags.ToString();
            found["size"] = attributes.cbSizeInstance;
            List<object> bases = new List<object>();
            found["bases"] = bases;
            for (int i = 0; i < attributes.cImplTypes; i++)
            {
                bases.Add(Referenced(type, i));
            }
            List<object> functions = new List<object>();
            found["functions"] = functions;
            for (int i = 0; i < attributes.cFuncs; i++)
            {
                functions.Add(Function(type, i));
            }
            List<object> members = new List<object>();
            found["members"] = members;
            for (int i = 0; i < attributes.cVars; i++)
            {
                members.Add(Member(type, i));
            }
        }

        private static string Referenced(ITypeInfo type, int index)
        {
            int reference;
            type.GetRefTypeOfImplType(index, out reference);
            ITypeInfo other;
            type.GetRefTypeInfo(reference, out other);
            return Name(other);
        }

        private static Dictionary<string, object> Function(ITypeInfo type, int index)
        {
            IntPtr pointer;
            type.GetFuncDesc(index, out pointer);
            Dictionary<string, object> found = new Dictionary<string, object>();
            FUNCDESC function = (FUNCDESC)Marshal.PtrToStructure(pointer, typeof(FUNCDESC));
            string[] names = new string[function.cParams + 1];
            int count;
            type.GetNames(function.memid, names, names.Length, out count);
            List<object> parameters = new List<object>();
            for (int i = 0; i < function.cParams; i++)
            {
                IntPtr place = new IntPtr(function.lprgelemdescParam.ToInt64() + i * Marshal.SizeOf(typeof(ELEMDESC)));
                ELEMDESC parameter = (ELEMDESC)Marshal.PtrToStructure(place, typeof(ELEMDESC));
                Dictionary<string, object> described = new Dictionary<string, object>();
                described["name"] = names[i + 1];
                described["type"] = TypeName(type, parameter.tdesc);
                described["flags"] = parameter.desc.paramdesc.wParamFlags.ToString();
                parameters.Add(described);
            }
            found["name"] = names[0];
            found["offset"] = function.oVft;
            found["slot"] = function.oVft / IntPtr.Size;
            found["kind"] = function.funckind.ToString();
            found["call"] = function.callconv.ToString();
            found["invoke"] = function.invkind.ToString();
            found["returns"] = TypeName(type, function.elemdescFunc.tdesc);
            found["parameters"] = parameters;
            type.ReleaseFuncDesc(pointer);
            return found;
        }

        private static Dictionary<string, object> Member(ITypeInfo type, int index)
        {
            IntPtr pointer;
            type.GetVarDesc(index, out pointer);
            VARDESC member = (VARDESC)Marshal.PtrToStructure(pointer, typeof(VARDESC));
            string[] names = new string[1];
            int count;
            type.GetNames(member.memid, names, names.Length, out count);
            Dictionary<string, object> found = new Dictionary<string, object>();
            found["name"] = names[0];
            found["type"] = TypeName(type, member.elemdescVar.tdesc);
            if (member.varkind == VARKIND.VAR_CONST)
            {
                found["value"] = Marshal.GetObjectForNativeVariant(member.desc.lpvarValue).ToString();
            }
            else
            {
                found["offset"] = member.desc.oInst;
            }
            type.ReleaseVarDesc(pointer);
            return found;
        }

        private static string TypeName(ITypeInfo type, TYPEDESC described)
        {
            VarEnum kind = (VarEnum)described.vt;
            if (kind == VarEnum.VT_PTR || kind == VarEnum.VT_SAFEARRAY)
            {
                TYPEDESC inner = (TYPEDESC)Marshal.PtrToStructure(described.lpValue, typeof(TYPEDESC));
                return TypeName(type, inner) + (kind == VarEnum.VT_PTR ? "*" : "[]");
            }
            if (kind == VarEnum.VT_USERDEFINED)
            {
                ITypeInfo other;
                type.GetRefTypeInfo(unchecked((int)described.lpValue.ToInt64()), out other);
                return Name(other);
            }
            return kind.ToString();
        }

        private static string Name(ITypeLib library, int index)
        {
            string name, text, file;
            int context;
            library.GetDocumentation(index, out name, out text, out context, out file);
            return name;
        }

        private static string Name(ITypeInfo type)
        {
            string name, text, file;
            int context;
            type.GetDocumentation(-1, out name, out text, out context, out file);
            return name;
        }

        private static string Braced(Guid guid)
        {
            return guid.ToString("B").ToUpperInvariant();
        }

        private static string Hex(int result)
        {
            return "0x" + result.ToString("X8");
        }
    }
}
'@

$script:Classes = @('{52C2F9C2-F1AC-4021-BF50-756A5FA8DDFE}', '{B7F1785F-D69B-46F1-92FC-D2DE9C994F13}')
$script:KnownInterfaces = @(
    # IDispatch: whether late binding would do.
    '{00020400-0000-0000-C000-000000000046}'
    # IUpdateNotify2
    '{90E166F0-D621-4793-BE78-F58008DDDD2A}'
)
$script:ProgIds = @('UpdateNotify.Object', 'UpdateNotify.Object.1', 'UpdateNotify.Object.2')
$script:Application = '{F6B836D9-AF6A-4D05-9A19-E906A0F34770}'

# No key that belongs here has more than a few keys below it.
$script:MaximumDepth = 6

function Get-RegistryTree {
    <#
    .SYNOPSIS
    A key and those below it, one by one, each with its path and its values; nothing for a key that does not exist.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [string]
        $Path,

        [int]
        $Depth = 0
    )

    if (-not (Test-RegistryKey -Path $Path)) {
        return
    }
    $values = Read-RegistryKey -Path $Path
    foreach ($name in @($values.Keys)) {
        if ($values[$name] -is [byte[]]) {
            $values[$name] = [System.BitConverter]::ToString($values[$name])
        }
    }
    @{
        key = "HKLM\$Path"
        values = $values
    }
    if ($Depth -lt $script:MaximumDepth) {
        foreach ($name in @(Get-RegistrySubKeyName -Path $Path)) {
            Get-RegistryTree -Path "$Path\$name" -Depth ($Depth + 1)
        }
    }
}

function Find-ServerPath {
    <#
    .SYNOPSIS
    The path of OfficeC2RCom.dll: as registered, or else where Office puts it.
    #>
    [CmdletBinding()]
    param ()

    foreach ($class in $script:Classes) {
        $server = (Read-RegistryKey -Path "SOFTWARE\Classes\CLSID\$class\InprocServer32")['']
        if ($server) {
            return [System.Environment]::ExpandEnvironmentVariables("$server".Trim('"'))
        }
    }
    $common = [System.Environment]::GetFolderPath('CommonProgramFiles')
    return [System.IO.Path]::Combine($common, 'Microsoft Shared\ClickToRun\OfficeC2RCom.dll')
}

function Get-ComDiagnosis {
    <#
    .SYNOPSIS
    Everything that can be found out about the update interface without calling it.
    #>
    [CmdletBinding()]
    param ()

    $interfaces = @($script:KnownInterfaces)
    $library = $null
    $objects = @()
    $fault = $null
    try {
        Add-Type -TypeDefinition $script:TypeLibrarySource -IgnoreWarnings
        $library = [OfficeFleet.C2R.TypeLibrary]::Read((Find-ServerPath))
        $interfaces += @(
            foreach ($type in $library['types']) {
                if ($type['kind'] -in @('TKIND_INTERFACE', 'TKIND_DISPATCH') -and $type['id'] -notin $script:KnownInterfaces) {
                    $type['id']
                }
            }
        )
        $objects = @(
            foreach ($class in $script:Classes) {
                [OfficeFleet.C2R.TypeLibrary]::Ask($class, [string[]]$interfaces)
            }
        )
    }
    catch {
        # The registry is worth sending all the same.
        $fault = $_.Exception.GetBaseException().Message
    }

    $keys = @(
        foreach ($class in $script:Classes) {
            "CLSID\$class"
        }
        $script:ProgIds
        foreach ($interface in $interfaces) {
            "Interface\$interface"
        }
        "AppID\$script:Application"
        if ($null -ne $library -and $library['library_id']) {
            "TypeLib\$($library['library_id'])"
        }
    )
    $registry = @()
    try {
        $registry = @(
            foreach ($key in $keys) {
                Get-RegistryTree -Path "SOFTWARE\Classes\$key"
            }
        )
    }
    catch {
        if ($null -eq $fault) {
            $fault = $_.Exception.GetBaseException().Message
        }
    }

    return @{
        type_library = $library
        objects = $objects
        registry = $registry
        fault = $fault
    }
}

Export-ModuleMember -Function @(
    'Get-ComDiagnosis'
)
