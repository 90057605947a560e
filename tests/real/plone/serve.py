"""Plone Classic at the root of a loopback port, as behind a web server: `serve.py FOLDER PORT`. Made anew where FOLDER holds none."""

import sys
from pathlib import Path

import transaction
import waitress
from Products.CMFPlone.factory import addPloneSite
from zope.site.hooks import setSite
from Zope2.Startup.run import make_wsgi_app

folder, port = Path(sys.argv[1]), int(sys.argv[2])
folder.mkdir(exist_ok=True)
(folder / "zope.conf").write_text(
    f"""%define INSTANCE {folder}
instancehome $INSTANCE
default-zpublisher-encoding utf-8
<zodb_db main>
  mount-point /
  <filestorage>
    path $INSTANCE/Data.fs
    blob-dir $INSTANCE/blobs
  </filestorage>
</zodb_db>
"""
)
(folder / "site.zcml").write_text(
    """<configure xmlns="http://namespaces.zope.org/zope" xmlns:meta="http://namespaces.zope.org/meta">
  <include package="Products.Five" />
  <meta:redefinePermission from="zope2.Public" to="zope.Public" />
  <five:loadProducts xmlns:five="http://namespaces.zope.org/five" file="meta.zcml"/>
  <five:loadProducts xmlns:five="http://namespaces.zope.org/five" />
  <include package="Products.CMFPlone" />
  <include package="plone.restapi" />
  <five:loadProductsOverrides xmlns:five="http://namespaces.zope.org/five" />
  <securityPolicy component="AccessControl.security.SecurityPolicy" />
</configure>
"""
)
(folder / "etc").mkdir(exist_ok=True)
(folder / "site.zcml").rename(folder / "etc" / "site.zcml")
zope = make_wsgi_app({}, str(folder / "zope.conf"))


def made() -> None:
    import Zope2
    from AccessControl.SecurityManagement import newSecurityManager
    from Testing.makerequest import makerequest
    from zope.globalrequest import setRequest

    app = makerequest(Zope2.app())
    setRequest(app.REQUEST)
    if "Plone" not in app.objectIds():
        app.acl_users.userFolderAddUser("admin", "loopback", ["Manager"], [])
        newSecurityManager(None, app.acl_users.getUserById("admin").__of__(app.acl_users))
        profiles = ("plone.app.contenttypes:default", "plone.app.contenttypes:plone-content", "plone.restapi:default")
        profiles += ("plonetheme.barceloneta:default",)
        said = {"default_language": "fr", "portal_timezone": "Europe/Paris"}
        site = addPloneSite(app, "Plone", title="Ville d’Essai-sur-Garonne", extension_ids=profiles, **said)
        setSite(site)
        transaction.commit()
    app._p_jar.close()


def at_root(environ, start_response):
    if not environ["PATH_INFO"].startswith("/VirtualHostBase/"):
        environ["PATH_INFO"] = f"/VirtualHostBase/http/127.0.0.1:{port}/Plone/VirtualHostRoot" + environ["PATH_INFO"]
    return zope(environ, start_response)


made()
waitress.serve(at_root, host="127.0.0.1", port=port, threads=2)
