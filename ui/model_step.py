"""The first step of the dock: search models, see how each fits the layer, read about the chosen one."""

from __future__ import annotations

from html import escape
from typing import Any, Mapping, Optional, Sequence

from qgis.core import QgsApplication
from qgis.gui import QgsMessageViewer
from qgis.PyQt.QtCore import QEvent, QModelIndex, QObject, QTimer, QUrl
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGroupBox,
    QMenu,
    QSizePolicy,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from ..core.errors import MlmRunnerError
from ..core.mlm.card import card_html
from .catalog_menu import CatalogMenu
from .empty_state import EmptyState
from .forms import form
from .found import Found
from .model_list import FOUND, ModelDelegate, ModelFilter, ModelList
from .search import Search
from .session import Session
from .wrap_label import WrapLabel

DETAILS = "#details"
MORE = "#more"
ABOUT_LINES, LIST_LINES = 5, 6


class ModelStep(QGroupBox, form("model_step")):
    """Shows the session's models, or in their place why there are none."""

    def __init__(self, session: Session, search: Search, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setupUi(self)
        self._session, self._search = session, search
        self._catalogs: Sequence[Mapping[str, Any]] = ()
        self._following = False
        """The list's current row is being set to the session's model, and not picked by the user."""
        self._card: Optional[QDialog] = None
        self._viewer: Optional[QgsMessageViewer] = None
        self.catalogsLabel = WrapLabel(links=True)
        self.layout().insertWidget(1, self.catalogsLabel)
        self.empty = EmptyState()
        self.pages.addWidget(self.empty)
        self._models = ModelFilter(ModelList(session))
        self.list.setModel(self._models)
        self.list.setItemDelegate(ModelDelegate(self.list))
        self.list.selectionModel().currentChanged.connect(self._picked)
        self.list.viewport().installEventFilter(self)
        self._set_up_buttons()
        line = self.fontMetrics().lineSpacing()
        self.about.setFixedHeight(ABOUT_LINES * line + 4)
        # The list gives way first: it scrolls, and the other steps are to be seen whole.
        self.pages.setMinimumHeight(LIST_LINES * line)
        self.pages.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self.about.anchorClicked.connect(lambda _: self._show_card())
        self.about.viewport().setAutoFillBackground(False)
        self.about.document().setDocumentMargin(2)
        self.catalogsLabel.linkActivated.connect(lambda _: self._show_details())
        self.search.textChanged.connect(search.soon)
        self.search.returnPressed.connect(search.now)
        search.started.connect(self._searching)
        search.answered.connect(self._found)
        search.failed.connect(self._failed)
        session.chosen_changed.connect(self._show_chosen)
        session.fits_changed.connect(self._keep_selection)
        self._show_chosen()
        self.empty.say("Models are listed here once the engine has started.")
        self.pages.setCurrentWidget(self.empty)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  (the name is Qt's)
        """Keep the chosen model in sight where other steps take room from the list."""
        if event.type() == QEvent.Type.Resize:
            QTimer.singleShot(0, self._show_current)
        return super().eventFilter(watched, event)

    def setup_page(self, text: str, offers: Sequence[Any], log: str = "", working: bool = False) -> None:
        """Show the engine's state in place of the list."""
        self.empty.say(text, offers, log, working)
        self.pages.setCurrentWidget(self.empty)

    def _set_up_buttons(self) -> None:
        icon = QgsApplication.getThemeIcon
        filters = QMenu(self)
        self._only_fitting = filters.addAction("Only Models That &Fit the Layer")
        self._only_runnable = filters.addAction("Only Models That Can Be &Run")
        for action in (self._only_fitting, self._only_runnable):
            action.setCheckable(True)
            action.toggled.connect(self._filter)
        self.filterButton.setMenu(filters)
        self.filterButton.setIcon(icon("/mActionFilter2.svg"))
        menu = CatalogMenu(self)
        menu.changed.connect(self._search.now)
        self.addButton.setMenu(menu)
        self.addButton.setIcon(icon("/symbologyAdd.svg"))

    def _searching(self) -> None:
        if not self._session.found:
            self.setup_page("Looking for models …", (), working=True)
            self.empty.tell(None, "")

    def _found(self, found: Sequence[Found], catalogs: Sequence[Mapping[str, Any]]) -> None:
        self._catalogs = catalogs
        self._session.set_found(found)
        self._show_catalogs()
        self._show_list()

    def _failed(self, error: MlmRunnerError) -> None:
        self._session.set_found(())
        self.setup_page(str(error).split("\n")[0], (("&Try Again", self._search.now),))

    def _filter(self) -> None:
        self._models.show_only(self._only_fitting.isChecked(), self._only_runnable.isChecked())
        self._show_list()

    def _show_list(self) -> None:
        """Show the list, or why there is nothing in it and what to do."""
        if self._models.rowCount():
            self.pages.setCurrentIndex(0)
            self._keep_selection()
            return
        hidden = len(self._session.found)
        if hidden:
            text = f"The filters hide {'the only model' if hidden == 1 else f'all {hidden} models'} found."
            self.setup_page(text, (("&Show All", self._show_all),))
        elif self._search.text:
            self.setup_page(f"No model found for “{self._search.text}”.", (("&Clear the Search", self.search.clear),))
        elif self._catalogs and all(c.get("state") == "failed" for c in self._catalogs):
            self.setup_page(
                "No catalog is answering.", (("&Try Again", self._search.now), ("&Details", self._show_details))
            )
        else:
            self.setup_page(
                "The catalogs hold no models. Add a folder, a file or an address with the button above.", ()
            )

    def _show_all(self) -> None:
        self._only_fitting.setChecked(False)
        self._only_runnable.setChecked(False)

    def _show_catalogs(self) -> None:
        good = [str(c["name"]) for c in self._catalogs if c.get("state") != "failed"]
        bad = len(self._catalogs) - len(good)
        words = escape(", ".join(good)) or "No catalog"
        if bad:
            what = "1 catalog is" if bad == 1 else f"{bad} catalogs are"
            words += f'; {what} not answering (<a href="{DETAILS}">details</a>)'
        elif any(c.get("why") or c.get("problems") for c in self._catalogs):
            words += f' (<a href="{DETAILS}">details</a>)'
        self.catalogsLabel.setText(words)

    def _show_details(self) -> None:
        """Show the technical text on each catalog, to be read or copied."""
        lines = []
        for catalog in self._catalogs:
            state = "not answering" if catalog.get("state") == "failed" else f"{catalog.get('count', 0)} models"
            lines.append(f"{catalog.get('name')}: {state}\n    {catalog.get('href')}")
            lines += [f"    {catalog['why']}"] if catalog.get("why") else []
            lines += [f"    {p.get('href')}: {p.get('why')}" for p in catalog.get("problems") or ()]
        self._viewer = QgsMessageViewer(self.window())
        self._viewer.setTitle("Catalogs")
        self._viewer.setMessageAsPlainText("\n".join(lines))
        self._viewer.show()

    def _picked(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid() and not self._following:
            self._session.choose(current.data(FOUND))

    def _show_current(self) -> None:
        self.list.scrollTo(self.list.currentIndex())

    def _keep_selection(self) -> None:
        """Sorting and filtering move rows; the chosen model stays the current one."""
        chosen = self._session.chosen
        if chosen is None:
            return
        for row in range(self._models.rowCount()):
            index = self._models.index(row, 0)
            if index.data(FOUND).key == chosen.key:
                if index != self.list.currentIndex():
                    self._following = True
                    self.list.setCurrentIndex(index)
                    self._following = False
                return

    def _show_chosen(self) -> None:
        found = self._session.chosen
        self.about.setVisible(found is not None)
        if found is not None:
            self.about.setHtml(short_card(found))

    def _show_card(self) -> None:
        """Open the whole card beside the panel; it is not modal, so that the panel stays usable."""
        found = self._session.chosen
        if found is None or found.model is None:
            return
        dialog = QDialog(self.window())
        dialog.setWindowTitle(found.title)
        text = QTextBrowser()
        text.setOpenLinks(False)
        text.anchorClicked.connect(self._open)
        text.setHtml(card_html(found.model))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton("Copy &Address for Processing", QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QgsApplication.clipboard().setText(found.href))
        buttons.rejected.connect(dialog.close)
        column = QVBoxLayout(dialog)
        column.addWidget(text)
        column.addWidget(buttons)
        size = self.fontMetrics().height()
        dialog.resize(38 * size, 40 * size)
        self._card = dialog
        dialog.show()

    @staticmethod
    def _open(url: QUrl) -> None:
        if url.scheme() == "https":
            QDesktopServices.openUrl(url)


def short_card(found: Found, limit: int = 300) -> str:
    """Return what is worth knowing at a glance: what for, by whom, under which licence."""
    if found.model is None:
        return f"<b>{escape(found.title)}</b><br>{escape(found.why_not)}"
    model = found.model
    about = " ".join(model.description.split())
    if len(about) > limit:
        about = about[:limit].rsplit(" ", 1)[0] + " …"
    said = [
        f"By {', '.join(model.providers)}" if model.providers else "",
        f"Licence {model.license}" if model.license else "",
    ]
    lines = [model.why_not, about, "; ".join(s for s in said if s)]
    words = " ".join(f"{escape(line)}<br>" for line in lines if line)
    return f'<b>{escape(found.title)}</b> &nbsp;<a href="{MORE}">More…</a><br>{words}'
